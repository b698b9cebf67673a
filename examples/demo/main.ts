/** `npm run demo`: see examples/README.md. */
import { TransportError } from 'discord-transport'
import { DemoError } from './bot-process.js'
import { runInLab } from './lab.js'
import { runLive } from './live.js'
import { isScheme, SCHEMES } from './schemes.js'
import { style } from './terminal.js'

async function main(args: readonly string[]): Promise<number> {
  const unknown = args.filter((arg) => arg !== '--live')
  if (unknown.length > 0) return misuse(`Unknown argument ${unknown.join(' ')}`, 'There is only --live.')
  if (args.includes('--live')) return (await runLive()) ? 0 : 1
  const given = process.env['PROXY_SCHEME']?.trim() ?? ''
  const scheme = given === '' ? 'http' : given
  if (!isScheme(scheme))
    return misuse(`Unknown PROXY_SCHEME ${scheme}`, `Possible are ${SCHEMES.join(', ')}.`)
  return (await runInLab(scheme)) ? 0 : 1
}

function misuse(message: string, hint: string): number {
  complain(message, hint)
  return 2
}

function complain(message: string, hint?: string): void {
  process.stderr.write(`\n${style('red', message)}\n${hint === undefined ? '' : `${hint}\n`}`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof DemoError || error instanceof TransportError)) throw error
  complain(error.message, error.hint)
  process.exitCode = 1
}
