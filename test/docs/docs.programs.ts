import { expect, test } from 'vitest'
import { CASES } from './cases.js'
import { readPrograms } from './code-blocks.js'
import { typeErrors } from './type-check.js'

const blocks = await readPrograms()

test('every block of code in the documentation has a case in cases.ts, and every case has its block', () => {
  expect(blocks.map(({ name }) => name).sort()).toEqual(Object.keys(CASES).sort())
})

test('each block compiles as it is printed', { timeout: 90_000 }, async () => {
  const printed = blocks.map(({ file, code }) => [file, code] as const)
  const wrong =
    "import { createDiscordTransport } from 'discord-transport'\ncreateDiscordTransport({ prxy: false })\n"
  const withoutImport = 'await transport.close()\n'
  const errors = await typeErrors(
    new Map([...printed, ['wrong.mts', wrong], ['without-import.mts', withoutImport]]),
  )
  // The last two prove that the compiler looks.
  expect(errors).toEqual([
    expect.stringMatching(/^without-import\.mts: Cannot find name 'transport'/),
    expect.stringMatching(/^wrong\.mts: .*'prxy' does not exist/),
  ])
})

test.each(blocks)('$name does what it says', { timeout: 60_000 }, async (block) => {
  await CASES[block.name]?.(block)
})
