import { blocksOf, readPages } from '../docs/code-blocks.js'

/** docs/fleet.md. */
export async function fleetPage(): Promise<string> {
  return (await readPages()).find(({ path }) => path === 'docs/fleet.md')?.text ?? ''
}

/** The first block of a language on a page. */
export function firstBlock(text: string, language: string): string {
  return blocksOf({ text }).find((block) => block.language === language)?.code ?? ''
}
