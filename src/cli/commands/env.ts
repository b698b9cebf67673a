import { createDiscordTransport, TransportError, type ProxyDescription } from '../../index.js'
import { transportOptions } from '../connection-options.js'
import type { ProxySetting } from '../environment/setting.js'
import { SNIPPETS, type EnvFormat } from '../environment/snippets.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { print, styleFor } from '../text/terminal.js'

export interface EnvFlags {
  readonly format: EnvFormat | 'all'
  readonly proxyUrl?: string
}

const FORMATS: readonly EnvFormat[] = ['shell', 'systemd', 'launchd', 'dockerfile', 'compose', 'windows']

export async function env(flags: EnvFlags): Promise<ExitCode> {
  const proxy = await proxyInEffect(flags)
  if (proxy === null) return EXIT.failed
  const setting = settingOf(proxy)
  const { warn } = styleFor(process.stderr)
  for (const format of flags.format === 'all' ? FORMATS : [flags.format]) {
    const { text, warning } = SNIPPETS[format](setting)
    await print(`${text}\n${flags.format === 'all' ? '\n' : ''}`)
    // Not part of the snippet, so that its output can go into a file.
    if (warning !== null) process.stderr.write(`${warn('warning:')} ${format}: ${warning}\n`)
  }
  return EXIT.ok
}

async function proxyInEffect(flags: EnvFlags): Promise<ProxyDescription | null> {
  const options = transportOptions(flags)
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

/** OPENCLAW_PROXY_URL is the strongest of the variables: what was given on the command line stays what counts. */
function settingOf({ source, url }: ProxyDescription): ProxySetting {
  return { name: source === 'config' ? 'OPENCLAW_PROXY_URL' : source, url, hasSecret: url.includes('***') }
}
