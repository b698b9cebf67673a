import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { ISOLATED_FILES } from './isolated-files.js'
import { BOUNDED_FILES, TIMED_FILES } from './timed-files.js'

const ROOT = join(import.meta.dirname, '../..')
const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(?:test|programs)\.ts$/.test(file))
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
const listed = [...Object.keys(TIMED_FILES), ...Object.keys(BOUNDED_FILES)]

/** An expectation that elapsed time is below a bound. */
const UPPER_BOUND =
  /expect\([^\n]*\b(?:performance\.now|took|lingered|millisecondsOf|fastest|elapsed)\b[^\n]*toBeLessThan/

/** Whether a file starts programs: it imports `node:child_process`, or a file of the tests does that it imports. */
function startsPrograms(path: string, seen = new Set<string>()): boolean {
  seen.add(path)
  const imported = [...readFileSync(path, 'utf8').matchAll(/(?:from|import\() ?'([^']+)'/g)].map(
    ([, name = '']) => name,
  )
  if (imported.includes('node:child_process')) return true
  return imported
    .filter((name) => name.startsWith('.'))
    .map((name) => join(dirname(path), name.replace(/\.js$/, '.ts')))
    .filter((file) => !file.startsWith(join(ROOT, 'src/')) && !seen.has(file) && existsSync(file))
    .some((file) => startsPrograms(file, seen))
}

test('a test file ends in .programs.ts where it starts programs, and no other does', () => {
  const starting = files.filter((file) => startsPrograms(join(ROOT, file)))
  expect(starting).toEqual(files.filter((file) => file.endsWith('.programs.ts')))
})

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
