/** Which pages exist in Chinese, what both languages must have in common, and the record of what was translated. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RECORD = join(ROOT, 'docs/zh-CN/translated.json')

/** Reference material, which is English only. */
const ENGLISH_ONLY = new Set(['docs/api.md', 'docs/architecture.md', 'docs/performance.md'])

/** Hashes of both languages of a page, when somebody last found that they say the same. */
interface Translated {
  readonly english: string
  readonly chinese: string
}

/** What both languages of a page have in common. */
export interface Shape {
  /** The level of each heading. */
  readonly headings: readonly number[]
  /** Each block with its language, without comments, which are translated. */
  readonly code: readonly string[]
  /** Rows and columns of each table. */
  readonly tables: readonly string[]
  readonly pictures: number
}

/** The paths of the English pages that are to be translated, README.md among them. */
export function englishPages(): readonly string[] {
  return ['README.md', ...pagesIn('docs').filter((path) => !ENGLISH_ONLY.has(path))]
}

/** Every Chinese page that exists, by the path of its English page. */
export function chinesePages(): ReadonlyMap<string, string> {
  const pages = pagesIn('docs/zh-CN').map((path) => [path.replace('docs/zh-CN/', 'docs/'), path] as const)
  return new Map([...(existsSync(join(ROOT, chinesePath('README.md'))) ? [README] : []), ...pages])
}

const README = ['README.md', 'README.zh-CN.md'] as const

export function chinesePath(english: string): string {
  return english === 'README.md' ? README[1] : english.replace(/^docs\//, 'docs/zh-CN/')
}

export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** @param text a page */
export function shapeOf(text: string): Shape {
  const written = withoutGenerated(text)
  const prose = written.replace(/^```.*?^```$/gms, '')
  const tables = [...prose.matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([table]) => {
    const rows = table.trimEnd().split('\n')
    return `${rows.length} rows, ${cells(rows[0] ?? '')} columns`
  })
  return {
    headings: [...prose.matchAll(/^(#+) /gm)].map(([, marks = '']) => marks.length),
    code: [...written.matchAll(/^```(\S*)\n(.*?)^```$/gms)].map(([, language = '', code = '']) =>
      `${language}\n${withoutComments(code)}`.trimEnd(),
    ),
    tables,
    pictures: prose.match(/<picture>|!\[/g)?.length ?? 0,
  }
}

/** The hashes of both languages as they are now. */
export function hashesOf(english: string): Translated {
  return { english: hash(read(english)), chinese: hash(read(chinesePath(english))) }
}

export function readRecord(): Readonly<Partial<Record<string, Translated>>> {
  return existsSync(RECORD) ? (JSON.parse(readFileSync(RECORD, 'utf8')) as Record<string, Translated>) : {}
}

/** Notes that both languages of these pages say the same now. Pages that no longer exist leave the record. */
export function renew(pages: readonly string[]): void {
  const known = chinesePages()
  const renewed = Object.fromEntries(pages.map((page) => [page, hashesOf(page)]))
  const entries = Object.entries({ ...readRecord(), ...renewed }).filter(([page]) => known.has(page))
  const sorted = Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)))
  writeFileSync(RECORD, `${JSON.stringify(sorted, null, 2)}\n`)
}

/** Pages of which one language has changed since the record was renewed. */
export function stalePages(): readonly string[] {
  const record = readRecord()
  return [...chinesePages().keys()].filter(
    (page) => JSON.stringify(record[page]) !== JSON.stringify(hashesOf(page)),
  )
}

function pagesIn(folder: string): readonly string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !/\/(?:node_modules|reference|\.\w+)\//.test(file))
    .filter((file) => folder !== 'docs' || !file.startsWith('docs/zh-CN/'))
    .sort()
}

/** Blocks between `<!-- name: begin -->` and `<!-- name: end -->` are written by scripts in both languages. */
function withoutGenerated(text: string): string {
  return text.replace(/<!-- (\w+): begin.*?<!-- \1: end -->/gs, '')
}

function withoutComments(code: string): string {
  return code.replace(/^\s*(?:\/\/|#).*\n/gm, '').replace(/[ \t]+(?:\/\/|#) .*$/gm, '')
}

function cells(row: string): number {
  return row.replaceAll('\\|', '').split('|').length - 2
}

function hash(text: string): string {
  return createHash('sha256').update(withoutGenerated(text)).digest('hex').slice(0, 16)
}
