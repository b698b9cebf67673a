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

/** A piece of TypeScript in a page. */
export interface Program {
  /** The page and the place among its programs, such as `docs/errors.md 1`. */
  readonly name: string
  readonly code: string
}

const ROOT = new URL('../../', import.meta.url)
const FENCED = /^```(\S*)\n(.*?)^```$/gms
const PROGRAM = /^(?:[cm]?[jt]sx?|typescript|javascript)$/

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
export async function readPrograms(): Promise<readonly Program[]> {
  return (await readPages()).flatMap((page) =>
    blocksOf(page)
      .filter(({ language }) => PROGRAM.test(language))
      .map(({ code }, at) => ({ name: `${page.path} ${at + 1}`, code })),
  )
}
