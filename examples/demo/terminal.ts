import { styleText } from 'node:util'

/** Who does something in the log. */
export type Hop = 'bot' | 'guard' | 'proxy' | 'gateway' | 'rest' | 'cdn' | 'human' | 'lab'

const COLOURS = {
  bot: 'cyan',
  guard: 'red',
  proxy: 'magenta',
  gateway: 'green',
  rest: 'green',
  cdn: 'green',
  human: 'yellow',
  lab: 'gray',
} as const

const WIDTH = 80
const colourful = process.stdout.isTTY && process.env['NO_COLOR'] === undefined

type Style = Parameters<typeof styleText>[0]

export function style(format: Style, text: string): string {
  return colourful ? styleText(format, text) : text
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

export function heading(text: string): void {
  print()
  print(style('bold', text))
}

/** One line of the log: when, who, what. */
export class Timeline {
  readonly #startedAt = performance.now()

  log(hop: Hop, text: string): void {
    const ms = String(Math.round(performance.now() - this.#startedAt)).padStart(6)
    const room = WIDTH - 20
    const shown = text.length > room ? `${text.slice(0, room - 1)}…` : text
    print(`${style('gray', `${ms} ms`)}  ${style(COLOURS[hop], hop.padEnd(7))}  ${shown}`)
  }
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}
