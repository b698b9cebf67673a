import { readdir, readFile } from 'node:fs/promises'

/** A piece of TypeScript in a page of the documentation. */
export interface CodeBlock {
  /** The page and the place among its blocks, such as `docs/errors.md 1`. */
  readonly name: string
  readonly code: string
}

const ROOT = new URL('../../', import.meta.url)
const FENCED = /^```(?:ts|typescript|js|javascript)\n(.*?)^```$/gms

/** Every block of README.md, docs/ and examples/README.md. */
export async function readCodeBlocks(): Promise<readonly CodeBlock[]> {
  const docs = await readdir(new URL('docs/', ROOT))
  const pages = [
    'README.md',
    'examples/README.md',
    ...docs.filter((file) => file.endsWith('.md')).map((file) => `docs/${file}`),
  ]
  const blocks = await Promise.all(
    pages.map(async (page) => {
      const text = await readFile(new URL(page, ROOT), 'utf8')
      return [...text.matchAll(FENCED)].map(([, code = ''], at) => ({ name: `${page} ${at + 1}`, code }))
    }),
  )
  return blocks.flat()
}
