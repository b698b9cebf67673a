import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished, vi } from 'vitest'
import { warnOfOldCarbon } from '../src/installed-carbon.js'

/** A program beside which a version of Carbon is installed. */
async function programWith(carbon: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'installed-carbon-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await mkdir(join(folder, 'node_modules', '@buape'), { recursive: true })
  await symlink(resolve('node_modules', carbon), join(folder, 'node_modules', '@buape', 'carbon'), 'junction')
  return join(folder, 'bot.js')
}

it.each([
  ['gatewayOptions', 'use ProxyGatewayPlugin of discord-transport/carbon'],
  ['requestOptions', 'upgrade @buape/carbon to 0.15 or later'],
] as const)('Carbon 0.14 alone is warned of, and once: it ignores %s', async (options, advice) => {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  onTestFinished(() => emitWarning.mockRestore())

  warnOfOldCarbon(options, join(tmpdir(), 'no-carbon-here', 'bot.js'))
  warnOfOldCarbon(options, await programWith('@buape/carbon'))
  warnOfOldCarbon(options, await programWith('carbon-0-15'))
  expect(emitWarning).not.toHaveBeenCalled()

  const program = await programWith('carbon-0-14')
  warnOfOldCarbon(options, program)
  warnOfOldCarbon(options, program)
  expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
    expect.stringMatching(`@buape/carbon 0.14.0 ignores transport.${options} .*${advice}`),
    'DiscordTransportWarning',
  )
})
