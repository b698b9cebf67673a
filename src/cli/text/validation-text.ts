import type { PolicyCheck, ProxyValidation, ValidationCheck } from '../../index.js'
import type { Style } from './terminal.js'

const EXPECTED: Record<ValidationCheck['kind'], string> = {
  allowed: 'let through',
  denied: 'refuse',
  canary: 'refuse (loopback canary)',
  policy: 'refuse',
}

/** What `validate` prints for people. */
export function validationText({ ok, config, checks }: ProxyValidation, style: Style): string {
  const failed = checks.filter((check) => !check.ok).length
  const lines = [
    config.proxyUrl === null
      ? style.bold('no usable proxy')
      : `${style.bold(config.proxyUrl)} from ${config.source === 'config' ? 'the command line' : (config.source ?? '')}`,
    ...config.errors.map((error) => `${style.bad('✗')} ${error}`),
    '',
    ...checks.flatMap((check) => checkLines(check, style)),
    ...(checks.length === 0 ? [] : ['']),
    ok
      ? `${style.good('PASSED')}: ${checks.length} checks`
      : `${style.bad('FAILED')}${checks.length === 0 ? '' : `: ${failed} of ${checks.length} checks`}`,
  ]
  return `${lines.join('\n')}\n`
}

function checkLines(check: ValidationCheck | PolicyCheck, style: Style): string[] {
  const mark = check.ok ? style.good('✓') : style.bad('✗')
  const what = 'destination' in check ? `${check.destination} ${style.dim(`(${check.category})`)}` : check.url
  const line = `  ${mark} ${EXPECTED[check.kind]} ${what}${check.status === null ? '' : ` ${check.status}`}`
  if (check.error === null) return [line]
  const why = `      ${check.error}`
  return check.ok ? ('destination' in check ? [line] : [line, style.dim(why)]) : [line, why]
}
