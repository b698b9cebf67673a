import { describeProxy, sourceName, withOptions, type Environment } from '../../config/index.js'
import { DISCORD_TARGETS } from '../../discord/hosts.js'
import type { TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { processState } from '../../process/index.js'
import { compare } from './comparison.js'
import {
  configurationNotes,
  type ConfigurationNote,
  type NotedConfiguration,
  type NoteCode,
} from './configuration-notes.js'
import { eachProxy, withoutProxy, type DiagnosedConfiguration } from './configuration.js'
import { isInContainer } from './container.js'
import {
  checkDiagnoseOptions,
  DEFAULT_TIMEOUT_MS,
  tokenQuestions,
  type DiagnoseOptions,
} from './diagnose-options.js'
import type { Diagnosis, ProxyDiagnosis } from './diagnosis.js'
import { examine, hopsBehindRoute, plannedHops, type ExaminationSettings } from './examine.js'
import type { Fix } from './fix.js'
import { HopLog, hopFailure, NO_TIME, type HopProgress } from './hop-log.js'
import type { DiagnosedHop } from './hops.js'
import { TARGET, TARGET_AUTHORITY } from './route-hops.js'

/**
 * Tries every hop, over connections of its own, and names the one that fails, with the reason.
 *
 * @throws TransportError ERR_PROXY_CONFIG that names a bad option
 */
export async function diagnose(
  configuration: DiagnosedConfiguration,
  options: DiagnoseOptions = {},
): Promise<Diagnosis> {
  checkDiagnoseOptions(options)
  const thrown = new AbortController()
  const signal = AbortSignal.any([options.signal ?? NEVER, thrown.signal])
  signal.throwIfAborted()
  const startedAt = new Date().toISOString()
  const { policy } = configuration
  const log = new HopLog({
    target: TARGET_AUTHORITY,
    audience: options.audience ?? 'library',
    onProgress: passErrors(options.onProgress, thrown),
  })
  const settings = settingsOf(options, log, signal)
  const [first = configuration, ...others] = isProxied(configuration) ? eachProxy(configuration) : []
  log.plan(['config', ...plannedHops(first, settings)])
  log.pass(
    'config',
    NO_TIME,
    policy.source === null
      ? say('doctor.detail.no-proxy')
      : say('doctor.detail.proxy-from', { source: sourceName(policy.source) }),
  )
  const legs = [
    examine(first, settings),
    examineDirectly(configuration, settings, options),
    Promise.all(others.map((other) => examineOther(other, settings))),
  ] as const
  // A leg that fails must not leave another one behind.
  const [{ decision, fix }, directHops, otherProxies] = await Promise.all(legs).finally(() =>
    Promise.allSettled(legs),
  )
  return {
    schemaVersion: 1,
    ok: log.hops.every(({ status }) => status === 'ok') && otherProxies.every(({ ok }) => ok),
    startedAt,
    ms: Math.round(log.now),
    proxy: describeProxy(policy),
    ...decision,
    notes: notesOf(configuration, options).filter(({ code }) => !isRefuted(code, log.hops)),
    hops: log.hops,
    fix,
    ...(otherProxies.length === 0 ? {} : { otherProxies }),
    comparison: directHops === null ? null : compare(log.hops, directHops),
  }
}

/** The diagnosis of a configuration that no transport can be created from. */
export function diagnoseConfiguration(
  error: TransportError,
  env: Environment,
  options: DiagnoseOptions = {},
): Diagnosis {
  const { audience = 'library' } = options
  const log = new HopLog({ target: TARGET_AUTHORITY, audience })
  const asked = { asked: tokenQuestions(options), allHosts: options.allHosts === true }
  log.plan(['tunnel', 'target-tls', ...hopsBehindRoute(asked)])
  log.fail('config', NO_TIME, hopFailure(error, audience))
  return {
    schemaVersion: 1,
    ok: false,
    startedAt: new Date().toISOString(),
    ms: Math.round(log.now),
    proxy: null,
    route: null,
    reason: error.message,
    notes: configurationNotes({ ...notedProcess(options), env, policy: null, noProxy: 'env' }),
    hops: log.hops,
    fix: null,
    comparison: null,
  }
}

const NEVER = new AbortController().signal

function settingsOf(options: DiagnoseOptions, log: HopLog, signal: AbortSignal): ExaminationSettings {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, allHosts = false } = options
  return { log, timeoutMs, signal, asked: tokenQuestions(options), allHosts }
}

/** A listener is called from within a step of the route, which would take its error for a failure of that step. */
function passErrors(
  onProgress: DiagnoseOptions['onProgress'],
  thrown: AbortController,
): (progress: HopProgress) => void {
  return (progress) => {
    try {
      onProgress?.(progress)
    } catch (error) {
      thrown.abort(error)
    }
  }
}

function isProxied({ policy }: DiagnosedConfiguration): boolean {
  return policy.decide(TARGET.host, TARGET.port).route === 'proxy'
}

/** The same hops without the proxy and without the token; null where there is nothing to compare. */
async function examineDirectly(
  proxied: DiagnosedConfiguration,
  settings: ExaminationSettings,
  { compare: isAsked = false }: DiagnoseOptions,
): Promise<readonly DiagnosedHop[] | null> {
  if (!isAsked || !isProxied(proxied)) return null
  const { hops } = await examineWithoutToken(withoutProxy(proxied.options), settings)
  return hops
}

/** One more proxy of a list. Its events are not those of the transport that is diagnosed. */
async function examineOther(
  { policy, options }: DiagnosedConfiguration,
  settings: ExaminationSettings,
): Promise<ProxyDiagnosis> {
  const quiet = { policy, options: withOptions(options, { onEvent: undefined }) }
  const { hops, fix } = await examineWithoutToken(quiet, settings)
  const proxy = describeProxy(policy)
  if (proxy === null) throw new TypeError('a list has proxies')
  return { proxy, ok: hops.every(({ status }) => status === 'ok'), hops, fix }
}

async function examineWithoutToken(
  configuration: DiagnosedConfiguration,
  settings: ExaminationSettings,
): Promise<{ readonly hops: readonly DiagnosedHop[]; readonly fix: Fix | null }> {
  const { audience } = settings.log
  const log = new HopLog({ target: TARGET_AUTHORITY, audience })
  const tokenless = { ...settings, log, asked: undefined, allHosts: false }
  log.plan(plannedHops(configuration, tokenless))
  const { fix } = await examine(configuration, tokenless)
  return { hops: log.hops, fix }
}

function notesOf(
  { policy, options: { env, noProxy } }: DiagnosedConfiguration,
  options: DiagnoseOptions,
): readonly ConfigurationNote[] {
  return configurationNotes({ ...notedProcess(options), env, policy, noProxy })
}

/** What notes need to know beside the configuration. */
function notedProcess({
  inContainer = isInContainer(),
}: DiagnoseOptions): Pick<
  NotedConfiguration,
  'inContainer' | 'tlsRejectUnauthorized' | 'targets' | 'installation'
> {
  const tlsRejectUnauthorized = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
  return { inContainer, tlsRejectUnauthorized, targets: DISCORD_TARGETS, installation: processState() }
}

/** A server on loopback that answers is the one that the configuration means. */
function isRefuted(code: NoteCode, hops: readonly DiagnosedHop[]): boolean {
  const answered = ({ id, status }: DiagnosedHop): boolean =>
    (id === 'proxy-connect' || id === 'pac') && status === 'ok'
  return code === 'loopback-in-container' && hops.some(answered)
}
