import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ISOLATED_FILES } from './isolated-files.js'
import { BOUNDED_FILES, TIMED_FILES } from './timed-files.js'

const ROOT = join(import.meta.dirname, '../..')
const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
const listed = [...Object.keys(TIMED_FILES), ...Object.keys(BOUNDED_FILES)]

/** An expectation that elapsed time is below a bound. */
const UPPER_BOUND =
  /expect\([^\n]*\b(?:performance\.now|took|lingered|millisecondsOf|fastest|elapsed)\b[^\n]*toBeLessThan/

test('every listed file exists', () => {
  for (const file of listed) expect(() => readFileSync(join(ROOT, file))).not.toThrow()
})

test('every test file that compares elapsed time with an upper bound is listed with that bound', () => {
  const bounded = files.filter((file) => UPPER_BOUND.test(readFileSync(join(ROOT, file), 'utf8')))
  expect(bounded).toContain('test/tunnel/silence.test.ts')
  expect(bounded.filter((file) => !listed.includes(file))).toEqual([])
})

test('every test file that replaces a module has a process of its own', () => {
  const replacing = files.filter((file) => /^vi\.mock\(/m.test(readFileSync(join(ROOT, file), 'utf8')))
  expect(replacing).toContain('test/dispatcher/silent-answer.test.ts')
  expect(replacing.filter((file) => !(file in ISOLATED_FILES))).toEqual([])
})
