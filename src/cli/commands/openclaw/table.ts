import { stripVTControlCharacters } from 'node:util'

/** Columns as wide as they must be. What the gateway sends is shown without control characters. */
export function table(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(oneLine))
  const widths: number[] = []
  for (const row of shown)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return shown
    .map((row) =>
      row.map((cell, at) => cell.padEnd(at === row.length - 1 ? 0 : (widths[at] ?? 0))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}

/** Text of a peer, without what would move the cursor or change colours. */
export function printable(text: string): string {
  return stripVTControlCharacters(text).replace(/[^\P{C}\n\t]/gu, '')
}

function oneLine(text: string): string {
  return printable(text).replace(/\s+/g, ' ').trim()
}
