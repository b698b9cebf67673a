/** A small canvas for the pictures of the documentation: boxes, lines and text in the colours of a theme. */

export type ThemeName = 'light' | 'dark'
export type Language = 'en' | 'zh-CN'

type Colour = 'ink' | 'muted' | 'line' | 'box' | 'page' | 'good' | 'bad' | 'accent' | 'bar'

const THEMES: Readonly<Record<ThemeName, Readonly<Record<Colour, string>>>> = {
  light: {
    ...{ ink: '#1f2328', muted: '#59636e', line: '#d1d9e0', box: '#f6f8fa', page: '#ffffff' },
    ...{ good: '#1a7f37', bad: '#cf222e', accent: '#4752c4', bar: '#8b95f7' },
  },
  dark: {
    ...{ ink: '#e6edf3', muted: '#9198a1', line: '#3d444d', box: '#1b222b', page: '#0d1117' },
    ...{ good: '#3fb950', bad: '#ff7b72', accent: '#a5adff', bar: '#5865f2' },
  },
}

/** The width of every picture, in its own units: 0.75 of it is a phone of 360 pixels. */
export const WIDTH = 480
/** The smallest text, which has 9.75 pixels on that phone. */
export const SMALL = 13

export interface TextStyle {
  readonly size?: number
  readonly colour?: Colour
  readonly bold?: boolean
  readonly mono?: boolean
  readonly anchor?: 'start' | 'middle' | 'end'
}

interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How wide a text will be, estimated from above: Chinese characters are square. */
export function widthOf(text: string, { size = 15, mono = false, bold = false }: TextStyle = {}): number {
  const latin = mono ? 0.61 : bold ? 0.6 : 0.56
  const widths = Array.from(text, (character) => (/[\u2e80-\uffff]/.test(character) ? 1 : latin))
  return widths.reduce((sum, width) => sum + width, 0) * size
}

/** Breaks a text into lines of at most this width; Chinese has no spaces to break at. */
export function wrapText(text: string, width: number, style: TextStyle = {}): readonly string[] {
  const words = text.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? []
  const lines = ['']
  for (const word of words) {
    const line = `${lines.at(-1) ?? ''}${word}`
    if (widthOf(line.trimEnd(), style) <= width || lines.at(-1) === '') lines[lines.length - 1] = line
    else lines.push(word)
  }
  return lines.map((line) => line.trim())
}

export class Canvas {
  readonly #parts: string[] = []
  readonly #colours: Readonly<Record<Colour, string>>

  constructor(theme: ThemeName) {
    this.#colours = THEMES[theme]
  }

  /** @param y the baseline */
  text(x: number, y: number, text: string, style: TextStyle = {}): void {
    const { size = 15, colour = 'ink', bold = false, mono = false, anchor = 'start' } = style
    const attributes = [
      `x="${x}" y="${y}" fill="${this.#colours[colour]}" font-size="${size}"`,
      ...(anchor === 'start' ? [] : [`text-anchor="${anchor}"`]),
      ...(bold ? ['font-weight="600"'] : []),
      ...(mono ? ['font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"'] : []),
    ]
    this.#parts.push(`<text ${attributes.join(' ')}>${escape(text)}</text>`)
  }

  /** Lines below each other; gives the baseline after the last. */
  paragraph(x: number, y: number, text: string, width: number, style: TextStyle = {}): number {
    const { size = 15 } = style
    const lines = wrapText(text, width, style)
    lines.forEach((line, at) => this.text(x, y + at * Math.round(size * 1.4), line, style))
    return y + lines.length * Math.round(size * 1.4)
  }

  box({ x, y, width, height }: Box, fill: Colour = 'box', stroke: Colour = 'line', radius = 8): void {
    this.#parts.push(
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}" fill="${this.#colours[fill]}" stroke="${this.#colours[stroke]}"/>`,
    )
  }

  /** A box with text in its middle. */
  labelled(area: Box, label: string, style: TextStyle = {}, stroke: Colour = 'line'): void {
    this.box(area, 'box', stroke)
    const { size = 15 } = style
    const middle = area.y + area.height / 2 + size * 0.36
    this.text(area.x + area.width / 2, middle, label, { anchor: 'middle', ...style })
  }

  /** @param points x and y of each corner */
  line(
    points: readonly (readonly [number, number])[],
    colour: Colour = 'muted',
    { arrow = false, dashed = false }: { readonly arrow?: boolean; readonly dashed?: boolean } = {},
  ): void {
    const path = points.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${x} ${y}`).join(' ')
    const extra = `${dashed ? ' stroke-dasharray="5 4"' : ''}${arrow ? ` marker-end="url(#arrow-${colour})"` : ''}`
    this.#parts.push(
      `<path d="${path}" fill="none" stroke="${this.#colours[colour]}" stroke-width="2"${extra}/>`,
    )
  }

  /**
   * The file.
   *
   * @param title what the picture is, for those who do not see it
   * @param description all that it says, in words
   */
  svg(height: number, title: string, description: string): string {
    const used = [...new Set(this.#parts.join('').match(/(?<=url\(#arrow-)\w+/g) ?? [])] as Colour[]
    const markers = used.map(
      (colour) =>
        `<marker id="arrow-${colour}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="${this.#colours[colour]}"/></marker>`,
    )
    return `${[
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title description" font-family="system-ui, -apple-system, 'Segoe UI', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif">`,
      `<title id="title">${escape(title)}</title>`,
      `<desc id="description">${escape(description)}</desc>`,
      ...(markers.length === 0 ? [] : [`<defs>${markers.join('')}</defs>`]),
      `<rect width="${WIDTH}" height="${height}" rx="10" fill="${this.#colours.page}"/>`,
      ...this.#parts,
      '</svg>',
    ].join('\n')}\n`
  }
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
