import { egressPolicy } from '../../doctor/index.js'
import { validateProxy } from '../../index.js'
import { transportOptions, type ConnectionFlags } from '../connection-options.js'
import { asUsageErrors } from '../usage-errors.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { limitLookups } from '../lookup-limits.js'
import { canReplaceLine, CLEAR_LINE, print, styleFor, wrap } from '../text/terminal.js'
import { validationText } from '../text/validation-text.js'

export interface ValidateFlags extends ConnectionFlags {
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
  const { proxy, proxyTls, tls } = transportOptions(flags)
  checkUrls(flags.allowedUrl ?? [], '--allowed-url')
  checkUrls(flags.deniedUrl ?? [], '--denied-url')
  for (const flag of ['also', 'except'] as const)
    if (flags[flag] !== undefined && flags.policy !== true) throw new UsageError(`--${flag}: needs --policy`)
  asUsageErrors(() => egressPolicy(flags))
  const progress = flags.json !== true && canReplaceLine(process.stderr)
  let done = 0
  const validation = await validateProxy({
    proxyUrl: proxy === false ? undefined : proxy,
    proxyTls,
    tls,
    allowedUrls: flags.allowedUrl,
    deniedUrls: flags.deniedUrl,
    policy: flags.policy,
    also: flags.also,
    except: flags.except,
    timeoutMs: flags.timeoutMs,
    onCheck: () => {
      done += 1
      if (progress) process.stderr.write(`${CLEAR_LINE}${done} checks done`)
    },
  })
  if (progress) process.stderr.write(CLEAR_LINE)
  await print(
    flags.json === true
      ? `${JSON.stringify(validation, null, 2)}\n`
      : wrap(validationText(validation, styleFor(process.stdout)), process.stdout.columns),
  )
  return validation.ok ? EXIT.ok : EXIT.failed
}

/** @throws UsageError, which does not repeat the URL: it may hold credentials */
function checkUrls(urls: readonly string[], flag: string): void {
  for (const url of urls) {
    if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) continue
    throw new UsageError(`${flag}: expected an http:// or https:// URL`)
  }
}
