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

/** README.md, docs/ and examples/README.md. */
export async function readPages(): Promise<readonly Page[]> {
  const docs = await readdir(new URL('docs/', ROOT))
  const pages = docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`)
  return Promise.all(
    ['README.md', 'examples/README.md', ...pages].map(async (path) => ({
      path,
      text: await readFile(new URL(path, ROOT), 'utf8'),
    })),
  )
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
