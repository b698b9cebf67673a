import { stripVTControlCharacters, styleText } from 'node:util'

/** Colours for a stream; plain text where it is not a terminal with colours. */
export interface Style {
  readonly good: (text: string) => string
  readonly bad: (text: string) => string
  readonly warn: (text: string) => string
  readonly dim: (text: string) => string
  readonly bold: (text: string) => string
}

/** `hasColors` heeds TERM=dumb, FORCE_COLOR and NO_COLOR (https://no-color.org), which counts unless it is empty. */
export function styleFor(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): Style {
  const { NO_COLOR, ...rest } = env
  const colours = stream.isTTY && stream.hasColors(NO_COLOR === '' ? rest : env)
  const style =
    (format: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      // Node would look at standard output again, which is not the stream.
      colours ? styleText(format, text, { validateStream: false }) : text
  return {
    good: style('green'),
    bad: style('red'),
    warn: style('yellow'),
    dim: style('dim'),
    bold: style('bold'),
  }
}

/** Whether a line on this stream can be replaced: a dumb terminal has no cursor control. */
export function canReplaceLine({ isTTY }: NodeJS.WriteStream, env: NodeJS.ProcessEnv = process.env): boolean {
  return isTTY && env['TERM'] !== 'dumb'
}

/** To the first column, and erase the line: ECMA-48 §8.3.41, EL. */
export const CLEAR_LINE = '\r\u001b[K'

/** How many columns of a terminal a text takes: those of Chinese, Japanese and Korean take two each. */
export function columnsOf(text: string): number {
  const plain = stripVTControlCharacters(text)
  return (
    plain.length +
    (plain.match(
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]/g,
    )?.length ?? 0)
  )
}

/** {@link String.padEnd} in columns of a terminal. */
export function padColumns(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)))
}

/** Breaks long lines between words; what follows a break is indented below the beginning of its line. */
export function wrap(text: string, columns: number | undefined): string {
  if (columns === undefined) return text
  const width = (line: string): number => stripVTControlCharacters(line).length
  return text
    .split('\n')
    .flatMap((line) => {
      const [indent = ''] = /^ */.exec(line) ?? []
      const lines: string[] = []
      for (const word of line.slice(indent.length).split(' ')) {
        const last = lines.at(-1)
        if (last !== undefined && width(last) + 1 + width(word) <= columns)
          lines[lines.length - 1] = `${last} ${word}`
        else lines.push(`${indent}${last === undefined ? '' : '  '}${word}`)
      }
      return lines
    })
    .join('\n')
}

/** Writes, and waits while the reader is slow. */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve) => process.stdout.write(text, () => resolve()))
}
