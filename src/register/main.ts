import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createLog } from '../config/log.js'
import { describeProxy, resolvePlainProxy, resolveProxy, type ProxyChoice } from '../config/resolve-proxy.js'
import { PROXY_VARIABLES, type Environment } from '../config/variables.js'
import { TransportError } from '../errors.js'
import { say } from '../messages/index.js'
import { inheritedVariables } from '../process/children/workers.js'
import { install } from '../process/install.js'
import { parseInstallOptions } from '../process/options.js'
import { readPreloadSettings } from '../process/preload-settings.js'
import { isPreloaded, markPreloaded } from '../process/registry.js'
import { watchForLateProxy } from './late-proxy.js'
import { speakAs } from './own-language.js'
import { PreloadRoutes } from './preload-routes.js'

/**
 * `discord-transport/register`: installs what the variables say. A variable that is not usable ends the process with
 * one line before any other code runs. Loads neither undici nor zod: both come with the first connection in scope.
 */
export function register(): void {
  if (isPreloaded()) return
  markPreloaded({ foundProxy: false })
  const env = { ...process.env, ...inheritedVariables() }
  const error = failureOf(env)
  if (error === undefined) return
  speakAs(env)
  end(failureOf(env) ?? error)
}

/** What prevents the start: the same at each attempt, since nothing is installed before everything was read. */
function failureOf(env: Environment): TransportError | undefined {
  try {
    start(env)
    return undefined
  } catch (error) {
    // A program that loads this file after its own install() gets the error itself.
    if (!(error instanceof TransportError) || error.code === 'ERR_ALREADY_INSTALLED') throw error
    return error
  }
}

function start(env: Environment): void {
  const settings = readPreloadSettings(env)
  const { required = false } = settings
  const choice: ProxyChoice = {
    proxy: undefined,
    proxySource: 'config',
    required: false,
    env,
    noProxy: 'env',
  }
  const policy = resolveProxy(choice)
  const log = createLog(env)
  if (policy.proxy === null) {
    if (required) throw withoutProxy()
    watchForLateProxy()
    return
  }
  markPreloaded({ foundProxy: true })
  const { scope, loopback, sockets, udp, children = true } = settings
  const options = parseInstallOptions({ scope, loopback, sockets, udp, children })
  const plain = options.scope === 'all' ? resolvePlainProxy(choice) : null
  const routes = new PreloadRoutes({ policy, plain, settings, env })
  const name = `discord-transport/register (${fileURLToPath(import.meta.url)})`
  install(routes, options, { name, shared: true })
  log?.('info', `register: proxy ${describeProxy(policy)?.url ?? ''}, scope ${options.scope}`)
}

function withoutProxy(): TransportError {
  return new TransportError(say('process.register.no-proxy', { variables: PROXY_VARIABLES.join(', ') }), {
    code: 'ERR_PROXY_CONFIG',
    phase: 'config',
    hint: say('process.register.no-proxy.hint'),
    retryable: false,
  })
}

function end({ message, hint }: TransportError): void {
  const line = say('process.register.end', { message, hint }).replace(/\s+/g, ' ')
  writeSync(2, `${line}\n`)
  process.exit(1)
}
