import { createDiscordTransport, TransportError, type ProxyDescription } from '../../index.js'
import { transportOptions } from '../connection-options.js'
import { ENV_FORMATS, SNIPPETS, type EnvFormat } from '../environment/snippets.js'
import type { ProxySetting } from '../environment/setting.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { print, styleFor } from '../text/terminal.js'

export interface EnvFlags {
  readonly format?: EnvFormat | 'all'
  readonly proxyUrl?: string
  readonly unit?: string
}

const UNIT_FORMATS: readonly EnvFormat[] = ['systemd', 'systemd-system']

export async function env(flags: EnvFlags): Promise<ExitCode> {
  const formats = formatsOf(flags)
  const unit = unitName(flags.unit ?? 'bot.service')
  const proxy = await proxyInEffect(flags)
  if (proxy === null) return EXIT.failed
  const setting = settingOf(proxy, unit)
  const { warn } = styleFor(process.stderr)
  for (const format of formats) {
    const { text, warning } = SNIPPETS[format](setting)
    await print(`${text}\n${formats.length > 1 ? '\n' : ''}`)
    // On standard error, so that the snippet itself can be saved as a file.
    if (warning !== null) process.stderr.write(`${warn('warning:')} ${format}: ${warning}\n`)
  }
  return EXIT.ok
}

function formatsOf({ format, unit }: EnvFlags): readonly EnvFormat[] {
  if (format === undefined || format === 'all') return unit === undefined ? ENV_FORMATS : UNIT_FORMATS
  if (unit === undefined || UNIT_FORMATS.includes(format)) return [format]
  throw new UsageError(`--unit: needs --format ${UNIT_FORMATS.join(' or ')}`)
}

/** systemd.unit(5) */
function unitName(unit: string): string {
  if (!/^[\w:.@-]{1,200}$/.test(unit) || unit.startsWith('.'))
    throw new UsageError('--unit: expected the name of a systemd unit, such as bot.service')
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`
}

async function proxyInEffect({ proxyUrl }: EnvFlags): Promise<ProxyDescription | null> {
  const options = transportOptions(proxyUrl === undefined ? {} : { proxyUrl: [proxyUrl] })
  try {
    const transport = createDiscordTransport({ ...options, required: true })
    await transport.close()
    return transport.proxy
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    process.stderr.write(`error: ${error.message}\n${error.hint}\n`)
    return null
  }
}

/** OPENCLAW_PROXY_URL has precedence over the other variables, as the command line has. */
function settingOf({ source, url }: ProxyDescription, unit: string): ProxySetting {
  const name = source === 'config' ? 'OPENCLAW_PROXY_URL' : source
  return { name, url, hasSecret: url.includes('***'), loopback: loopbackIn(url), unit }
}

function loopbackIn(url: string): string | null {
  return /(?<=\/\/(?:[^/@]*@)?)(?:127(?:\.\d+){3}|localhost|\[::1\])(?=[:/]|$)/i.exec(url)?.[0] ?? null
}
