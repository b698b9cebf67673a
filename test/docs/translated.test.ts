import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  chinesePages,
  chinesePath,
  englishPages,
  read,
  shapeOf,
  stalePages,
} from '../../scripts/docs/translations.js'

const chinese = chinesePages()
const hasChinese = existsSync(join(import.meta.dirname, '../..', chinesePath('README.md')))

describe('the English and the Chinese pages', () => {
  test('are the same pages', () => {
    expect(englishPages().length).toBeGreaterThan(10)
    if (hasChinese) expect([...chinese.keys()].sort()).toEqual([...englishPages()].sort())
  })

  test.each([...chinese.keys()])('%s has the same headings, code, tables and pictures in both', (page) => {
    expect(shapeOf(read(chinesePath(page)))).toEqual(shapeOf(read(page)))
  })

  test('have changed together: npm run docs:translated -- PAGE notes that a translation is up to date', () => {
    expect(stalePages()).toEqual([])
  })
})

describe('the comparison', () => {
  const page = '# One\n\n## Two\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n```ts\nrun() // now\n```\n'

  test('takes translated comments and generated blocks for the same', () => {
    const other = page.replace('// now', '// 现在').replace('One', '一')
    const generated = '<!-- x: begin (by a script) -->\n\n# more\n\n<!-- x: end -->\n'
    expect(shapeOf(other + generated)).toEqual(shapeOf(page))
  })

  test.each([
    ['a heading', page.replace('## Two', '### Two')],
    ['a row', page.replace('| 1 | 2 |\n', '| 1 | 2 |\n| 3 | 4 |\n')],
    ['code', page.replace('run()', 'stop()')],
  ])('sees another %s', (_what, other) => {
    expect(shapeOf(other)).not.toEqual(shapeOf(page))
  })
})
