import type { PolicyCheck, ProxyValidation, ValidationCheck } from '../../index.js'
import { sourceName } from '../../doctor/index.js'
import { say } from '../../messages/index.js'
import type { Style } from './terminal.js'

const EXPECTED = {
  allowed: 'validate.expected.allowed',
  denied: 'validate.expected.denied',
  canary: 'validate.expected.canary',
  policy: 'validate.expected.denied',
} as const satisfies Record<ValidationCheck['kind'], string>

type Check = ValidationCheck | PolicyCheck

/** What `validate` prints for people. */
export function validationText({ ok, config, checks }: ProxyValidation, style: Style): string {
  const lines = [
    ...proxyLines(config, style),
    ...config.errors.map((error) => `${style.bad('✗')} ${error}`),
    '',
    ...checks.flatMap((check, index) => [
      ...(check.proxy === checks[index - 1]?.proxy ? [] : [style.bold(check.proxy ?? '')]),
      ...checkLines(check, style),
    ]),
    ...(checks.length === 0 ? [] : ['']),
    ...blockedLines(checks, style),
    verdict(ok, checks, style),
  ]
  return `${lines.join('\n')}\n`
}

function proxyLines({ proxyUrl, proxyUrls, source }: ProxyValidation['config'], style: Style): string[] {
  if (proxyUrl === null) return [style.bold(say('validate.no-proxy'))]
  const from =
    source === null ? '' : ` ${say('command.from', { source: sourceName(source, say('command.source')) })}`
  return (proxyUrls ?? [proxyUrl]).map((url) => style.bold(url) + from)
}

function verdict(ok: boolean, checks: readonly Check[], style: Style): string {
  if (ok) return `${style.good(say('validate.passed'))}: ${say('validate.checks', { checks: checks.length })}`
  const failed = checks.filter((check) => !check.ok).length
  const word = style.bad(say('validate.failed'))
  if (checks.length === 0) return word
  return `${word}: ${say('validate.failed-checks', { failed, checks: checks.length })}`
}

/** Said once: a packet filter blocks many destinations for one reason. */
function blockedLines(checks: readonly Check[], style: Style): readonly string[] {
  const blocked = checks.filter(isBlocked).length
  return blocked === 0 ? [] : [`${style.warn('!')} ${say('validate.blocked.summary', { blocked })}`, '']
}

function isBlocked(check: Check): boolean {
  return 'verdict' in check && check.verdict === 'blocked'
}

function checkLines(check: Check, style: Style): string[] {
  const mark = isBlocked(check) ? style.warn('!') : check.ok ? style.good('✓') : style.bad('✗')
  const what = 'destination' in check ? `${check.destination} ${style.dim(`(${check.category})`)}` : check.url
  const isException = 'destination' in check && check.category === 'exception'
  const expected = say(isException ? 'validate.expected.allowed' : EXPECTED[check.kind])
  const status = check.status === null ? '' : ` ${check.status}`
  const suffix = isBlocked(check) ? `: ${say('validate.blocked.short')}` : status
  const line = `  ${mark} ${expected} ${what}${suffix}`
  if (check.error === null || (check.ok && 'destination' in check)) return [line]
  const why = `      ${check.error}`
  return [line, check.ok ? style.dim(why) : why]
}
