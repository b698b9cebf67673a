import { egressPolicy } from '../../doctor/index.js'
import { hintFor } from '../../errors.js'
import {
  TransportError,
  validateProxy,
  type ProxyValidation,
  type TransportOptions,
  type ValidateOptions,
  type ValidationCheck,
} from '../../index.js'
import { say } from '../../messages/index.js'
import type { OpenClawProxyState } from '../../openclaw/config/proxy-state.js'
import { proxyOption, transportOptions, type ConnectionFlags } from '../connection-options.js'
import { askedOf, flagError, type OpenClawFlags } from '../connection-settings.js'
import { asUsageErrors } from '../usage-errors.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { limitLookups } from '../lookup-limits.js'
import { canReplaceLine, CLEAR_LINE, print, styleFor, wrap } from '../text/terminal.js'
import { validationText } from '../text/validation-text.js'

export interface ValidateFlags extends ConnectionFlags, OpenClawFlags {
  readonly allowedUrl?: readonly string[]
  readonly deniedUrl?: readonly string[]
  readonly policy?: boolean
  readonly also?: readonly string[]
  readonly except?: readonly string[]
  readonly timeoutMs: number
  readonly json?: boolean
}

export async function validate(flags: ValidateFlags): Promise<ExitCode> {
  limitLookups()
  const isStandIn = flags.openclaw !== undefined
  const options = transportOptions(isStandIn ? withoutProxy(flags) : flags)
  checkUrls(flags.allowedUrl ?? [], '--allowed-url')
  checkUrls(flags.deniedUrl ?? [], '--denied-url')
  for (const flag of ['also', 'except'] as const)
    if (flags[flag] !== undefined && flags.policy !== true)
      throw new UsageError(say('usage.needs', { flag: `--${flag}`, other: '--policy' }))
  asUsageErrors(() => egressPolicy(flags))
  if (isStandIn) return validateOpenClaw(flags, options)
  if (flags.account !== undefined)
    throw new UsageError(say('usage.needs', { flag: '--account', other: '--openclaw' }))
  const validation = await runChecks(flags, proxiedBy(options))
  await print(flags.json === true ? json(validation) : text(validation))
  return validation.ok ? EXIT.ok : EXIT.failed
}

/** In place of `openclaw proxy validate`. */
async function validateOpenClaw(flags: ValidateFlags, options: TransportOptions): Promise<ExitCode> {
  const { openClawProxyState } = await import('../../openclaw/config/proxy-state.js')
  const override = proxyOption((flags.proxyUrl ?? []).filter((url) => url.trim() !== ''))
  const asked = askedOf(flags)
  const answer = await openClawProxyState(asked, options, override).catch(asUsageError)
  const { state, reading, failure } = answer
  const validation =
    reading === undefined ? undefined : await runChecks(flags, proxiedBy(reading.transportOptions))
  const own = state.errors.map((error) => error.replace(/^proxy: /, '--proxy-url: '))
  const errors = [...own, ...(validation?.config.errors ?? [])]
  const ok = validation?.ok === true && errors.length === 0
  for (const note of reading?.notes ?? []) process.stderr.write(`${say('command.note')} ${note}\n`)
  if (flags.json === true) {
    const checks = (validation?.checks ?? []).map(asOpenClaw)
    await print(json({ schemaVersion: 1, ok, config: { ...asWritten(state), errors }, checks }))
  } else {
    const { proxyUrl = null, enabled } = state
    const hints = failure === undefined ? [] : [hintFor(failure, 'command')]
    const lines = errors.map((error) => [error, ...hints].join('\n  '))
    const config = { enabled, proxyUrl, source: reading?.proxy?.source ?? null, errors: lines }
    await print(text({ schemaVersion: 1, ok, config, checks: validation?.checks ?? [] }))
  }
  return ok ? EXIT.ok : EXIT.failed
}

/** An unusable --proxy-url is a result there, as with `openclaw proxy validate`. */
function withoutProxy({ proxyCaFile, tlsCaFile }: ValidateFlags): ConnectionFlags {
  return {
    ...(proxyCaFile === undefined ? {} : { proxyCaFile }),
    ...(tlsCaFile === undefined ? {} : { tlsCaFile }),
  }
}

function asUsageError(error: unknown): never {
  const failure = flagError(error)
  throw failure instanceof TransportError ? new UsageError(`${failure.message}\n${failure.hint}`) : failure
}

function proxiedBy({ proxy, env, proxyTls, tls }: TransportOptions): ValidateOptions {
  return { proxyUrl: proxy === false ? undefined : proxy, env, proxyTls, tls }
}

/** OpenClaw calls the canary a denied destination, and leaves out what is absent. */
function asOpenClaw({ kind, status, error, ...check }: ValidationCheck): object {
  return {
    kind: kind === 'canary' ? 'denied' : kind,
    ...check,
    url: href(check.url),
    ...(status === null ? {} : { status }),
    ...(error === null ? {} : { error }),
  }
}

/** OpenClaw writes URLs as a URL does, with a slash behind the port. */
function asWritten(state: OpenClawProxyState): OpenClawProxyState {
  return state.proxyUrl === undefined ? state : { ...state, proxyUrl: href(state.proxyUrl) }
}

function href(url: string): string {
  return /^https?:/.test(url) && URL.canParse(url) ? new URL(url).href : url
}

async function runChecks(flags: ValidateFlags, proxied: ValidateOptions): Promise<ProxyValidation> {
  const progress = flags.json !== true && canReplaceLine(process.stderr)
  let done = 0
  const validation = await validateProxy({
    ...proxied,
    allowedUrls: flags.allowedUrl,
    deniedUrls: flags.deniedUrl,
    policy: flags.policy,
    also: flags.also,
    except: flags.except,
    timeoutMs: flags.timeoutMs,
    onCheck: () => {
      done += 1
      if (progress) process.stderr.write(`${CLEAR_LINE}${say('validate.done', { checks: done })}`)
    },
  })
  if (progress) process.stderr.write(CLEAR_LINE)
  return validation
}

function json(result: object): string {
  return `${JSON.stringify(result, null, 2)}\n`
}

function text(validation: ProxyValidation): string {
  return wrap(validationText(validation, styleFor(process.stdout)), process.stdout.columns)
}

/** @throws UsageError, which does not repeat the URL: it may hold credentials */
function checkUrls(urls: readonly string[], flag: string): void {
  for (const url of urls) {
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) continue
    throw new UsageError(say('usage.http-url', { flag }))
  }
}
