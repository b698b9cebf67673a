import { readFile, writeFile } from 'node:fs/promises'
import { writePictures } from '../scripts/pictures/pictures.js'

const PAGE = new URL('../docs/performance.md', import.meta.url)

const BEGIN = '<!-- bench: begin -->'
const END = '<!-- bench: end -->'

/** Replaces what is between the markers, and draws the pictures that show it. */
export async function writePerformancePage(text: string): Promise<void> {
  const page = await readFile(PAGE, 'utf8')
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin === -1 || end < begin) throw new Error(`docs/performance.md has lost its ${BEGIN} … ${END}`)
  await writeFile(PAGE, `${page.slice(0, begin + BEGIN.length)}\n\n${text}\n\n${page.slice(end)}`)
  await writePictures()
}
