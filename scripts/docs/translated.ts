/**
 * `npm run docs:translated`: which Chinese pages are not up to date.
 * `npm run docs:translated -- docs/faq.md …`: the translator has brought these pages up to date; notes it.
 */
import process from 'node:process'
import { chinesePages, chinesePath, englishPages, renew, stalePages } from './translations.js'

const pages = process.argv.slice(2)
const known = chinesePages()
const unknown = pages.filter((page) => !known.has(page))
if (unknown.length > 0) {
  console.error(`No Chinese page for ${unknown.join(', ')}. Name the English one, such as docs/faq.md.`)
  process.exitCode = 2
} else {
  if (pages.length > 0) renew(pages)
  for (const page of englishPages()) if (!known.has(page)) console.log(`missing  ${chinesePath(page)}`)
  for (const page of stalePages()) console.log(`stale    ${chinesePath(page)}   (${page})`)
}
