import { expect, test } from 'vitest'
import { startLab } from '../support/lab.js'
import { CASES } from './cases.js'
import { readPrograms } from './code-blocks.js'
import { typeErrors } from './type-check.js'

const blocks = await readPrograms()

test('every block of code in the documentation has a case here, and every case its block', () => {
  expect(blocks.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort())
})

test('the compiler has nothing against any of them', { timeout: 60_000 }, () => {
  const sources = blocks.map(
    ({ name, code }) => [name, `${CASES[name]?.declared ?? ''}${code}\nexport {}\n`] as const,
  )
  expect(typeErrors(new Map(sources))).toEqual([])
})

test('and it would have', { timeout: 60_000 }, () => {
  const wrong =
    "import { createDiscordTransport } from 'discord-transport'\ncreateDiscordTransport({ prxy: false })\n"
  expect(typeErrors(new Map([['wrong', wrong]]))).toEqual([expect.stringContaining("'prxy' does not exist")])
})

test.each(blocks)('$name does what it says', async ({ name, code }) => {
  await CASES[name]?.run(code, await startLab())
})
