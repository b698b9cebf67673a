import { proxyHref } from '../config/proxy-href.js'
import { TransportError } from '../errors.js'
import { say, text } from '../messages/index.js'
import type { Installation } from './installation.js'
import type { ProcessRoutes } from './route.js'

/** Who installs. */
export interface Installer {
  /** Fit to print: `install() at /app/bot.js:3:1`. */
  readonly name: string
  /** Whether a later `install()` by the same route may use this installation. */
  readonly shared: boolean
}

/** One installation, as another one sees it. Other copies and versions of this package read it too. */
interface ActiveInstallation {
  readonly installer: string
  /** A handle for one that wants the same; undefined where it wants something else. */
  readonly replacedHooks?: () => string[]
  readonly share: (route: string, scope: 'discord' | 'all') => Installation | undefined
}

/** What else a process-wide symbol of this package tells. */
interface LoadedPreload {
  readonly foundProxy: boolean
}

/** Of discord-transport/register: it loads once, whichever form of it, and whichever copy of the package, is first. */
const PRELOAD = Symbol.for('discord-transport.register')

export function isPreloaded(): boolean {
  return Reflect.has(globalThis, PRELOAD)
}

export function markPreloaded(preload: LoadedPreload): void {
  Object.defineProperty(globalThis, PRELOAD, { value: preload, configurable: true })
}

/** What a diagnosis says of the process-wide mode. */
export interface ProcessState {
  /** The hooks of the active installation that other code has replaced since. */
  readonly replacedHooks: readonly string[]
  /** Whether register was loaded, found no proxy, and nothing is installed. */
  readonly directPreload: boolean
}

export function processState(): ProcessState {
  const active = activeInstallation()
  const preload: unknown = Reflect.get(globalThis, PRELOAD)
  const found = typeof preload === 'object' && preload !== null && Reflect.get(preload, 'foundProxy') === true
  return {
    replacedHooks: active?.replacedHooks?.() ?? [],
    directPreload: isPreloaded() && !found && active === undefined,
  }
}

/** All copies of the package in a process share it. */
const ACTIVE = Symbol.for('discord-transport.installation')

function activeInstallation(): ActiveInstallation | undefined {
  const found: unknown = Reflect.get(globalThis, ACTIVE)
  return isActiveInstallation(found) ? found : undefined
}

function isActiveInstallation(value: unknown): value is ActiveInstallation {
  return (
    typeof value === 'object' &&
    value !== null &&
    'installer' in value &&
    typeof value.installer === 'string' &&
    'share' in value &&
    typeof value.share === 'function'
  )
}

/** Whether this process has an installation, of whichever copy of the package. */
export function isInstalled(): boolean {
  return activeInstallation() !== undefined
}

/**
 * A handle on the installation that is active, if it does what is wanted; undefined where there is none.
 *
 * @throws TransportError ERR_ALREADY_INSTALLED where it does something else
 */
export function existingInstallation(
  routes: ProcessRoutes,
  scope: 'discord' | 'all',
): Installation | undefined {
  const active = activeInstallation()
  if (active === undefined) return undefined
  const handle = active.share(routeKey(routes), scope)
  if (handle !== undefined) return handle
  const { installer } = active
  throw new TransportError(say('process.already-installed', { installer }), {
    code: 'ERR_ALREADY_INSTALLED',
    phase: 'config',
    hint: text('process.already-installed.hint'),
    retryable: false,
  })
}

/**
 * Makes an installation the one of this process.
 *
 * @returns ends that
 */
export function claimProcess(
  { name, shared }: Installer,
  routes: ProcessRoutes,
  installation: Installation,
): () => void {
  const active: ActiveInstallation = Object.freeze({
    installer: name,
    replacedHooks: () => installation.replacedHooks(),
    share: (route: string, scope: 'discord' | 'all') => {
      const narrower = scope === installation.scope || installation.scope === 'all'
      return shared && narrower && route === routeKey(routes) ? handleOn(installation) : undefined
    },
  })
  Object.defineProperty(globalThis, ACTIVE, { value: active, configurable: true })
  return () => {
    if (Reflect.get(globalThis, ACTIVE) === active) Reflect.deleteProperty(globalThis, ACTIVE)
  }
}

/** The same installation, which somebody else ends. */
function handleOn(installation: Installation): Installation {
  const stop = (): void => {
    // The installer ends it.
  }
  return Object.freeze({
    ...installation,
    get active() {
      return installation.active
    },
    stop,
    [Symbol.dispose]: stop,
  })
}

/** What two installations must have in common to lead connections the same way. It holds credentials. */
function routeKey({ main, plain }: ProcessRoutes): string {
  return JSON.stringify(
    [main, plain].map((route) => {
      const { proxies = [], noProxy = [] } = route?.policy ?? {}
      return [proxies.map(({ proxy }) => proxyHref(proxy)), noProxy]
    }),
  )
}

/** Where the function that calls this one was called, as `install() at /app/bot.js:3:1`. */
export function callerOfInstall(): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, callerOfInstall)
  const [, , frame = ''] = holder.stack?.split('\n') ?? []
  const [, place] = /\(?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/]).*:\d+:\d+)\)?$/.exec(frame) ?? []
  return place === undefined ? 'install()' : `install() at ${place}`
}
