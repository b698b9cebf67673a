import { TransportError, type ProxyDescription } from '../../index.js'
import { say } from '../../messages/index.js'
import { connectionSettings, type ConnectionSettings, type OpenClawFlags } from '../connection-settings.js'
import { ENV_FORMATS, SNIPPETS, type EnvFormat } from '../environment/snippets.js'
import type { ProxySetting } from '../environment/setting.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { print, styleFor } from '../text/terminal.js'

export interface EnvFlags extends OpenClawFlags {
  readonly format?: EnvFormat | 'all'
  readonly proxyUrl?: string
  readonly unit?: string
}

const UNIT_FORMATS: readonly EnvFormat[] = ['systemd', 'systemd-system']

export async function env(flags: EnvFlags): Promise<ExitCode> {
  const formats = formatsOf(flags)
  const unit = unitName(flags.unit ?? 'bot.service')
  const { proxyUrl, ...others } = flags
  const settings = await connectionSettings(
    proxyUrl === undefined ? others : { ...others, proxyUrl: [proxyUrl] },
  )
  const proxy = await proxyInEffect(settings)
  if (proxy === null) return EXIT.failed
  const setting = settingOf(proxy, unit, settings)
  const { warn } = styleFor(process.stderr)
  for (const note of settings.notes) process.stderr.write(`${warn(say('command.note'))} ${note}\n`)
  for (const format of formats) {
    const { text, warning } = SNIPPETS[format](setting)
    await print(`${text}\n${formats.length > 1 ? '\n' : ''}`)
    // On standard error, so that the snippet itself can be saved as a file.
    if (warning !== null) process.stderr.write(`${warn(say('command.warning'))} ${format}: ${warning}\n`)
  }
  return EXIT.ok
}

function formatsOf({ format, unit }: EnvFlags): readonly EnvFormat[] {
  if (format === undefined || format === 'all') return unit === undefined ? ENV_FORMATS : UNIT_FORMATS
  if (unit === undefined || UNIT_FORMATS.includes(format)) return [format]
  throw new UsageError(say('usage.unit-format', { formats: UNIT_FORMATS.join(', ') }))
}

/** systemd.unit(5) */
function unitName(unit: string): string {
  if (!/^[\w:.@-]{1,200}$/.test(unit) || unit.startsWith('.')) throw new UsageError(say('usage.unit'))
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`
}

async function proxyInEffect(settings: ConnectionSettings): Promise<ProxyDescription | null> {
  try {
    const transport = settings.open()
    await transport.close()
    if (transport.proxy === null) process.stderr.write(`${say('command.error')} ${say('env.no-proxy')}\n`)
    return transport.proxy
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    process.stderr.write(`${say('command.error')} ${error.message}\n${error.hint}\n`)
    return null
  }
}

/** OPENCLAW_PROXY_URL has precedence over the other variables, as the command line and OpenClaw's settings have. */
function settingOf(
  { source, url }: ProxyDescription,
  unit: string,
  { env, managed }: ConnectionSettings,
): ProxySetting {
  const name = /^(?:https?|all)_proxy$/i.test(source) ? source : 'OPENCLAW_PROXY_URL'
  const directory = env['OPENCLAW_STATE_DIR']?.trim() ?? ''
  const stateDirectory = directory === '' ? '~/.openclaw' : '"$OPENCLAW_STATE_DIR"'
  const openclaw = { ...managed, stateDirectory }
  return { name, url, hasSecret: url.includes('***'), loopback: loopbackIn(url), unit, openclaw }
}

function loopbackIn(url: string): string | null {
  return /(?<=\/\/(?:[^/@]*@)?)(?:127(?:\.\d+){3}|localhost|\[::1\])(?=[:/]|$)/i.exec(url)?.[0] ?? null
}
