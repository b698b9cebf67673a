import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'

/** Carbon 0.15 was the first to read `webSocketFactory`, and the `fetch` of its RequestClient. No version reads `agent`. */
const FIRST_MINOR = 15

/** What goes directly where an older Carbon ignores the option, and what to write. */
const IGNORED = {
  gatewayOptions:
    'connects its gateway directly: use ProxyGatewayPlugin of discord-transport/carbon, or upgrade @buape/carbon to 0.15 or later',
  requestOptions: 'sends its REST calls directly: upgrade @buape/carbon to 0.15 or later',
} as const

const warned = new Set<keyof typeof IGNORED>()

/**
 * Warns once where the Carbon of this program would ignore options of the transport, and would go around the proxy.
 *
 * @param options which property of the transport was read
 * @param program the file that Node runs: Carbon is looked for where this file would import it from
 */
export function warnOfOldCarbon(
  options: keyof typeof IGNORED,
  program = process.argv[1] ?? join(process.cwd(), 'index.js'),
): void {
  if (warned.has(options)) return
  const version = installedVersion(program)
  const [, minor] = /^0\.(\d+)\./.exec(version ?? '') ?? []
  if (minor === undefined || Number(minor) >= FIRST_MINOR) return
  warned.add(options)
  process.emitWarning(
    `@buape/carbon ${version} ignores transport.${options} and ${IGNORED[options]}.`,
    'DiscordTransportWarning',
  )
}

function installedVersion(program: string): string | undefined {
  const folders = createRequire(program).resolve.paths('@buape/carbon') ?? []
  for (const folder of folders) {
    try {
      const text = readFileSync(join(folder, '@buape', 'carbon', 'package.json'), 'utf8')
      return (JSON.parse(text) as { readonly version?: string }).version
    } catch {
      // It is not in this folder.
    }
  }
  return undefined
}
