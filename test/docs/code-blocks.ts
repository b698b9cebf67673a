import { readdir, readFile } from 'node:fs/promises'

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository, such as `docs/errors.md`. */
  readonly path: string
  readonly text: string
}

/** A fenced block of a page. */
export interface CodeBlock {
  /** Empty where the fence names none. */
  readonly language: string
  readonly code: string
}

/** A block of TypeScript or JavaScript. */
export interface ProgramBlock {
  /** The page and the place among its programs, such as `docs/errors.md 1`. */
  readonly name: string
  /** The name that the file of this block has for Node and the compiler. */
  readonly file: string
  readonly code: string
}

const ROOT = new URL('../../', import.meta.url)
const FENCED = /^```(\S*)\n(.*?)^```$/gms

/** The file extensions of programs, by the language of the fence. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  ...{ ts: 'mts', typescript: 'mts', mts: 'mts', cts: 'cts' },
  ...{ js: 'mjs', javascript: 'mjs', mjs: 'mjs', cjs: 'cjs' },
}

/** Paths of pages of docs/, by language. The Chinese ones stand in docs/zh-CN. */
async function pagesOfDocs(): Promise<Readonly<Record<'english' | 'chinese', readonly string[]>>> {
  const files = await readdir(new URL('docs/', ROOT), { recursive: true })
  const pages = files
    .map((file) => `docs/${file.replaceAll('\\', '/')}`)
    .filter((file) => file.endsWith('.md') && !/(?:^|\/)(?:node_modules|\.\w|reference\/)/.test(file))
    .sort()
  const isChinese = (file: string): boolean => file.startsWith('docs/zh-CN/')
  return { english: pages.filter((file) => !isChinese(file)), chinese: pages.filter(isChinese) }
}

function readAll(paths: readonly string[]): Promise<readonly Page[]> {
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(new URL(path, ROOT), 'utf8') })))
}

/** README.md, docs/ and examples/README.md, in English. */
export async function readPages(): Promise<readonly Page[]> {
  return readAll(['README.md', 'examples/README.md', ...(await pagesOfDocs()).english])
}

/** README.zh-CN.md and docs/zh-CN. Their programs are those of the English pages, which translated.test.ts checks. */
export async function readChinesePages(): Promise<readonly Page[]> {
  const readme = (await readdir(ROOT)).filter((file) => file === 'README.zh-CN.md')
  return readAll([...readme, ...(await pagesOfDocs()).chinese])
}

export function blocksOf({ text }: Pick<Page, 'text'>): readonly CodeBlock[] {
  return [...text.matchAll(FENCED)].map(([, language = '', code = '']) => ({ language, code }))
}

/** Every program of every page. */
export async function readPrograms(): Promise<readonly ProgramBlock[]> {
  return (await readPages()).flatMap((page) => programsOf(page))
}

export function programsOf(page: Page): readonly ProgramBlock[] {
  const programs = blocksOf(page).filter(({ language }) => language in EXTENSIONS)
  return programs.map(({ language, code }, at) => {
    const name = `${page.path} ${at + 1}`
    return { name, file: `${name.replace(/\W+/g, '-')}.${EXTENSIONS[language] ?? ''}`, code }
  })
}
