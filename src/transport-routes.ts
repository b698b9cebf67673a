import { Agent } from 'undici'
import {
  resolvePlainProxy,
  resolveProxy,
  withOptions,
  type ResolvedOptions,
  type RoutePolicy,
} from './config/index.js'
import {
  carriedOptions,
  CHOSEN,
  type ResolvedInstallOptions,
  type ProcessRoute,
  type ProcessRoutes,
  type RouteFaces,
} from './process/index.js'
import type { Route } from './tunnel/index.js'

/** A transport as an installation sees it. */
export interface RoutedTransport extends Pick<
  RouteFaces,
  'agent' | 'dispatcher' | 'fetch' | 'createWebSocket'
> {
  readonly route: Route
}

interface ClosableTransport extends RoutedTransport {
  close(): Promise<void>
}

/** The transport whose installation it is. */
export interface InstallingTransport extends RoutedTransport {
  /** As they are now. */
  readonly options: () => ResolvedOptions
  /** Another transport, for what the options of the installation change. */
  readonly create: (policy: RoutePolicy, options: ResolvedOptions) => ClosableTransport
}

/** The routes of an installation, and the end of what was made for them. */
export interface TransportRoutes extends ProcessRoutes {
  /** The transport has another proxy. */
  changed(): void
  close(): Promise<void>
}

/**
 * The routes of an installation: that of its transport, and those that its options add.
 *
 * @throws TransportError `ERR_PROXY_CONFIG` where HTTP_PROXY counts and holds no usable URL
 */
export function transportRoutes(
  transport: InstallingTransport,
  { noProxy, scope }: Pick<ResolvedInstallOptions, 'noProxy' | 'scope'>,
): TransportRoutes {
  const own = facesOf(transport)
  const made = [own]
  const listeners = new Set<() => void>()
  const derive = (resolve: Resolve): ProcessRoute => derivedRoute(transport, resolve, noProxy, made)
  const plain =
    scope === 'all' && resolvePlainProxy(transport.options()) !== null ? derive(resolvePlainProxy) : null
  const main: ProcessRoute =
    noProxy === undefined
      ? {
          get policy() {
            return transport.route.policy
          },
          faces: own,
        }
      : derive(resolveProxy)
  return {
    main,
    get plain() {
      // setProxy() sets an explicit proxy, which carries http:// URLs too.
      return transport.options().proxy === undefined ? plain : null
    },
    onChange: (listener) => void listeners.add(listener),
    changed: () => {
      for (const listener of listeners) listener()
    },
    carried: () => carriedOptions(transport.options()),
    close: async () => {
      await Promise.all(made.map((faces) => faces.close()))
    },
  }
}

type Resolve = (options: ResolvedOptions) => RoutePolicy | null

/**
 * The transport's options with another proxy or another bypass list. The decisions of the installation ask the list, so
 * the transport behind this route has none.
 *
 * @param made gets the faces that are to be closed
 */
function derivedRoute(
  parent: InstallingTransport,
  resolve: Resolve,
  noProxy: ResolvedOptions['noProxy'] | undefined,
  made: ClosableFaces[],
): ProcessRoute {
  const policyOf = (options: ResolvedOptions): RoutePolicy => resolve(options) ?? resolveProxy(options)
  let followed: FollowedOptions = { options: parent.options() }
  /** setProxy() replaces the options. Tunnels of before stay open until they are idle. */
  const current = (): FollowedOptions => {
    const options = parent.options()
    if (options !== followed.options) followed = { options }
    return followed
  }
  return {
    get policy() {
      const now = current()
      now.policy ??= policyOf(withOptions(now.options, { noProxy: noProxy ?? now.options.noProxy }))
      return now.policy
    },
    get faces() {
      const now = current()
      if (now.faces !== undefined) return now.faces
      const options = withOptions(now.options, { noProxy: false })
      const transport = parent.create(policyOf(options), options)
      now.faces = facesOf(transport, () => transport.close())
      made.push(now.faces)
      return now.faces
    },
  }
}

/** The options of the parent, and what was made of them. */
interface FollowedOptions {
  readonly options: ResolvedOptions
  policy?: RoutePolicy
  faces?: ClosableFaces
}

interface ClosableFaces extends RouteFaces {
  close(): Promise<void>
}

function facesOf(
  { route, agent, dispatcher, fetch, createWebSocket }: RoutedTransport,
  end: () => Promise<void> = () => Promise.resolve(),
): ClosableFaces {
  let direct: Agent | undefined
  return {
    agent,
    dispatcher,
    fetch,
    createWebSocket,
    get direct() {
      // undici hands the options on to net.connect() and tls.connect().
      const marked: object = { [CHOSEN]: true }
      direct ??= new Agent({ connect: marked })
      return direct
    },
    openTunnel: (target, signal) =>
      route.openTunnel({ ...target, secure: false }, { signal, serverFirst: true }),
    tlsOptions: (host) => route.tlsOptions(host),
    close: async () => {
      const opened = direct
      direct = undefined
      await Promise.all([opened?.destroy(), end()])
    },
  }
}
