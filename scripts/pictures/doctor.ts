import { existsSync, readFileSync } from 'node:fs'
import type { Diagnosis, DiagnosedHop } from '../../src/index.js'
import { Canvas, SMALL, WIDTH, type Language, type ThemeName } from './svg.js'

export type Report = 'healthy' | 'broken'

const TEXTS = {
  en: {
    healthy: 'The report of doctor for a path that works',
    broken: 'The report of doctor for a proxy that refuses Discord',
    well: 'All is well',
    failed: 'FAILED',
    unreached: 'not reached',
  },
  'zh-CN': {
    healthy: '路径正常时 doctor 的报告',
    broken: '代理拒绝 Discord 时 doctor 的报告',
    well: '一切正常',
    failed: '失败',
    unreached: '未到达',
  },
} as const

/** A report that `record.ts` wrote: the JSON of the real command. */
export function recorded(report: Report, language: Language): Diagnosis {
  const name = (of: Language): URL => new URL(`data/doctor-${report}.${of}.json`, import.meta.url)
  const file = existsSync(name(language)) ? name(language) : name('en')
  return JSON.parse(readFileSync(file, 'utf8')) as Diagnosis
}

export function doctor(report: Report, theme: ThemeName, language: Language): string {
  const texts = TEXTS[language]
  const diagnosis = recorded(report, language)
  const canvas = new Canvas(theme)
  const whole = Math.max(1, ...diagnosis.hops.map(({ startMs, ms }) => (startMs ?? 0) + (ms ?? 0)))
  canvas.text(16, 30, '$ npx discord-transport doctor', { mono: true, size: 14, colour: 'muted' })
  canvas.text(16, 56, diagnosis.proxy?.url ?? '', { mono: true, bold: true, size: 14 })
  let y = 88
  for (const hop of diagnosis.hops) y = hopLine(canvas, hop, whole, y, texts.unreached)
  const verdict = diagnosis.ok ? texts.well : texts.failed
  canvas.text(16, y + 10, `${verdict} (${diagnosis.ms} ms)`, {
    bold: true,
    size: 16,
    colour: diagnosis.ok ? 'good' : 'bad',
  })
  return canvas.svg(y + 28, texts[report], described(diagnosis, verdict))
}

function hopLine(canvas: Canvas, hop: DiagnosedHop, whole: number, y: number, unreached: string): number {
  const { status, title, ms, startMs } = hop
  const colour = status === 'ok' ? 'good' : status === 'failed' ? 'bad' : 'muted'
  canvas.text(18, y, status === 'ok' ? '✓' : status === 'failed' ? '✗' : '–', { bold: true, colour })
  canvas.text(40, y, title, { size: 14, colour: status === 'not-reached' ? 'muted' : 'ink' })
  if (status === 'not-reached') canvas.text(WIDTH - 16, y, unreached, { size: SMALL, colour, anchor: 'end' })
  if (ms !== null) {
    canvas.text(300, y, `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`, { size: SMALL, anchor: 'end' })
    const from = 312 + ((startMs ?? 0) / whole) * 152
    const width = Math.max(3, Math.min(464 - from, (ms / whole) * 152))
    canvas.box({ x: Math.round(from), y: y - 11, width: Math.round(width), height: 12 }, colour, colour, 2)
  }
  if (status !== 'failed') return y + 26
  const end = canvas.paragraph(40, y + 22, `${hop.code ?? ''}: ${hop.message ?? ''}`, WIDTH - 60, {
    size: SMALL,
    colour: 'bad',
  })
  return canvas.paragraph(40, end + 2, hop.hint ?? '', WIDTH - 60, { size: SMALL }) + 10
}

function described({ hops }: Diagnosis, verdict: string): string {
  const lines = hops.map(({ title, status, ms, code }) =>
    [title, status, ...(ms === null ? [] : [`${ms} ms`]), ...(code === null ? [] : [code])].join(' '),
  )
  return `${lines.join('; ')}. ${verdict}`
}
