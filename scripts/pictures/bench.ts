import { readFileSync } from 'node:fs'
import { Canvas, SMALL, WIDTH, type Language, type ThemeName } from './svg.js'

const PAGE = new URL('../../docs/performance.md', import.meta.url)

/** One row of the table "Sends a second, and CPU". */
interface Row {
  readonly name: string
  /** Ratios to `undici.request` through the same proxy, at 16 sends at a time. */
  readonly sends: number
  readonly cpu: number
}

const TEXTS = {
  en: {
    title: 'The main ratios of the bench',
    sends: 'sends a second at 16 at a time: longer is better',
    cpu: 'CPU for each send: shorter is better',
    base: '1 = undici.request through the same proxy',
    described: (row: Row) => `${row.name}: ${row.sends} of the sends, ${row.cpu} times the CPU`,
  },
  'zh-CN': {
    title: '基准测试的主要比值',
    sends: '并发 16 时每秒发送数：越长越好',
    cpu: '每次发送的 CPU：越短越好',
    base: '1 = 经同一代理的 undici.request',
    described: (row: Row) => `${row.name}：发送数为 ${row.sends} 倍，CPU 为 ${row.cpu} 倍`,
  },
} as const

/** Those that use a proxy and Node 20; rows of other Node lines repeat them. */
export function benchRows(page = readFileSync(PAGE, 'utf8')): readonly Row[] {
  const [, table = ''] = page.split('### Sends a second, and CPU')
  const rows = [...(table.split('###')[0] ?? '').matchAll(/^\| (.*?) \|(.*)\|$/gm)]
  return rows.flatMap(([, title = '', rest = '']) => {
    const name = title.trim()
    const ratio = (cell: string | undefined): number => Number(/^\s*([\d.]+) \(/.exec(cell ?? '')?.[1])
    const cells = rest.split('|')
    const row = { name, sends: ratio(cells[1]), cpu: ratio(cells[3]) }
    return Number.isNaN(row.sends) || name.includes('Node 22') || name.includes('no proxy') ? [] : [row]
  })
}

export function bench(theme: ThemeName, language: Language): string {
  const texts = TEXTS[language]
  const canvas = new Canvas(theme)
  const rows = benchRows()
  const bars = (y: number, title: string, value: (row: Row) => number, most: number): number => {
    canvas.text(16, y, title, { bold: true, size: 15 })
    rows.forEach((row, at) => {
      const top = y + 14 + at * 44
      const ours = row.name.startsWith('discord-transport')
      const length = Math.max(2, (Math.min(value(row), most) / most) * (WIDTH - 120))
      canvas.text(16, top + 14, row.name, { size: SMALL, bold: ours })
      canvas.box(
        { x: 16, y: top + 19, width: Math.round(length), height: 12 },
        ours ? 'good' : 'bar',
        ours ? 'good' : 'bar',
        2,
      )
      const label = `${value(row)}${value(row) > most ? ' →' : ''}`
      canvas.text(24 + Math.round(length), top + 30, label, { size: SMALL, bold: ours })
    })
    return y + 14 + rows.length * 44 + 34
  }
  const middle = bars(32, texts.sends, ({ sends }) => sends, Math.max(...rows.map(({ sends }) => sends)))
  const end = bars(middle, texts.cpu, ({ cpu }) => cpu, 10)
  canvas.text(16, end - 8, texts.base, { size: SMALL, colour: 'muted' })
  return canvas.svg(end + 8, texts.title, rows.map(texts.described).join('; '))
}
