import { createRequire } from 'node:module'
import { readCertificateFile } from '../config/pem.js'
import type { TransportOptions } from '../config/index.js'
import type { RoutePolicy } from '../config/resolve-proxy.js'
import type { Environment } from '../config/variables.js'
import type { PreloadSettings } from '../process/preload-settings.js'
import type { CarriedOptions, ProcessRoute, ProcessRoutes, RouteFaces } from '../process/route.js'
import type { TransportRoutes } from '../transport-routes.js'

/** What the variables say. */
export interface PreloadConfiguration {
  readonly policy: RoutePolicy
  /** That of HTTP_PROXY; null where it has no part. */
  readonly plain: RoutePolicy | null
  readonly settings: PreloadSettings
  readonly env: Environment
}

/** The file that makes the transport: it loads undici and zod. */
interface LoadedTransport {
  readonly createRoutes: (options: TransportOptions, scope: 'discord' | 'all') => TransportRoutes
}

/** The routes of a transport that is made when a connection first needs it. */
export class PreloadRoutes implements ProcessRoutes {
  readonly main: ProcessRoute
  readonly plain: ProcessRoute | null
  readonly #configuration: PreloadConfiguration
  readonly #options: TransportOptions
  #routes: TransportRoutes | undefined

  constructor(configuration: PreloadConfiguration) {
    this.#configuration = configuration
    this.#options = transportOptions(configuration)
    const { policy, plain } = configuration
    this.main = lazyRoute(policy, () => this.#loaded().main)
    this.plain = plain === null ? null : lazyRoute(plain, () => this.#loaded().plain ?? this.#loaded().main)
  }

  /** Everything is in variables already. */
  readonly carried = (): CarriedOptions => ({ settings: this.#configuration.settings, uncarried: [] })

  readonly onChange = (): void => {
    // The proxy of a preload stays.
  }

  /** Synchronous, as what needs it is: http.request() asks for the agent before it returns. */
  #loaded(): TransportRoutes {
    if (this.#routes !== undefined) return this.#routes
    const require = createRequire(import.meta.url)
    const { createRoutes } = require('./register-transport.cjs') as LoadedTransport
    this.#routes = createRoutes(this.#options, this.#configuration.settings.scope ?? 'discord')
    return this.#routes
  }
}

function lazyRoute(policy: RoutePolicy, load: () => ProcessRoute): ProcessRoute {
  return {
    policy,
    get faces(): RouteFaces {
      return load().faces
    },
  }
}

/** The files are read now: the process may give up its rights, or change its directory, before the first connection. */
function transportOptions({ settings, env }: PreloadConfiguration): TransportOptions {
  const { required, dns, caFile, proxyCaFile, tlsCaFile, connectTimeoutMs, keepAliveMs, maxTunnels } =
    settings
  const authorities = (...paths: readonly (string | undefined)[]): { readonly ca?: readonly Buffer[] } => {
    const ca = paths.filter((path) => path !== undefined).map((path) => readCertificateFile(path, 'caFile'))
    return ca.length === 0 ? {} : { ca }
  }
  return {
    env,
    required,
    dns,
    connectTimeoutMs,
    keepAliveMs,
    maxTunnels,
    proxyTls: authorities(caFile, proxyCaFile),
    tls: authorities(caFile, tlsCaFile),
  }
}
