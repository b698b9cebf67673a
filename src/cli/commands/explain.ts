import { shownUrl } from '../../doctor/shown-url.js'
import { TransportError, type DiscordTransport, type InstalledExplanation } from '../../index.js'
import { explainInstall } from '../../transport.js'
import { say } from '../../messages/index.js'
import { connectionSettings, type OpenClawFlags } from '../connection-settings.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import { print, styleFor } from '../text/terminal.js'

export interface ExplainFlags extends OpenClawFlags {
  readonly proxyUrl?: readonly string[]
  /** As an installation of this scope decides. */
  readonly scope?: 'discord' | 'all'
  readonly json?: boolean
}

export async function explain(given: string | undefined, asked: ExplainFlags): Promise<ExitCode> {
  const { text, flags } = urlAndFlags(given, asked)
  if (!URL.canParse(text) || new URL(text).hostname === '') throw new UsageError(say('usage.url'))
  const url = new URL(text)
  const shown = shownUrl(url)
  const settings = await connectionSettings(flags)
  let transport: DiscordTransport
  try {
    transport = settings.open()
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    const { message, hint } = error
    await print(
      flags.json === true
        ? `${JSON.stringify({ url: shown, route: null, reason: message, proxy: null }, null, 2)}\n`
        : `${say('command.explain.nowhere', { url: shown, reason: message })}\n${hint}\n`,
    )
    return EXIT.failed
  }
  const { route, reason, proxy } = explained(transport, url, flags)
  await transport.close()
  const { bold } = styleFor(process.stdout)
  const notes = flags.openclaw === undefined ? {} : { notes: settings.notes }
  if (flags.json === true)
    await print(`${JSON.stringify({ url: shown, route, reason, proxy, ...notes }, null, 2)}\n`)
  else await print(`${inWords(shown, { route, reason, proxy }, bold)}\n`)
  if (flags.json !== true) for (const note of settings.notes) await print(`${say('command.note')} ${note}\n`)
  return EXIT.ok
}

function inWords(url: string, { route, reason, proxy }: Explained, bold: (text: string) => string): string {
  if (route === 'refused')
    return say('command.explain.refused', { url, refused: bold(say('command.explain.refused.word')), reason })
  if (proxy === null)
    return say('command.explain.direct', { url, direct: bold(say('command.explain.direct.word')), reason })
  return say('command.explain.proxy', { url, proxy: bold(proxy.url), reason })
}

/** `explain --openclaw https://…`: the flag takes what follows for its path. */
function urlAndFlags(
  given: string | undefined,
  flags: ExplainFlags,
): { readonly text: string; readonly flags: ExplainFlags } {
  if (given !== undefined) return { text: given, flags }
  const { openclaw } = flags
  if (typeof openclaw === 'string' && openclaw.includes('://'))
    return { text: openclaw, flags: { ...flags, openclaw: true } }
  throw new UsageError(say('usage.missing-url'))
}

type Explained = Pick<InstalledExplanation, 'route' | 'reason' | 'proxy'>

function explained(transport: DiscordTransport, url: URL, { scope }: ExplainFlags): Explained {
  if (scope === undefined) return transport.explain(url)
  return explainInstall(transport, url, { scope })
}
