import { shownUrl } from '../../doctor/shown-url.js'
import { createDiscordTransport, TransportError, type DiscordTransport } from '../../index.js'
import { transportOptions } from '../connection-options.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { print, styleFor } from '../text/terminal.js'

export interface ExplainFlags {
  readonly proxyUrl?: readonly string[]
  readonly json?: boolean
}

export async function explain(text: string, flags: ExplainFlags): Promise<ExitCode> {
  const options = transportOptions(flags)
  if (!URL.canParse(text) || new URL(text).hostname === '')
    throw new UsageError('expected a URL with a host, such as https://discord.com/')
  const url = new URL(text)
  const shown = shownUrl(url)
  let transport: DiscordTransport
  try {
    transport = createDiscordTransport(options)
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    const { message, hint } = error
    await print(
      flags.json === true
        ? `${JSON.stringify({ url: shown, route: null, reason: message, proxy: null }, null, 2)}\n`
        : `${shown} goes nowhere: ${message}\n${hint}\n`,
    )
    return EXIT.failed
  }
  const { route, reason, proxy } = transport.explain(url)
  await transport.close()
  const { bold } = styleFor(process.stdout)
  if (flags.json === true) await print(`${JSON.stringify({ url: shown, route, reason, proxy }, null, 2)}\n`)
  else if (proxy === null) await print(`${shown} goes ${bold('direct')}: ${reason}\n`)
  else await print(`${shown} goes through ${bold(proxy.url)}: ${reason}\n`)
  return EXIT.ok
}
