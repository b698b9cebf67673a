/** The programs of getting started, the guides, migration and the FAQ. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { answersPing, toItsEnd, whileItRuns, type Case } from './run-block.js'
import { temporaryFolder } from './temporary-folder.js'

/** pm2's file, by Node instead of pm2: starts the program that it names with the environment that it gives. */
const asPm2: Case = async ({ code }) => {
  const folder = await temporaryFolder()
  const file = join(folder, 'ecosystem.config.cjs')
  await writeFile(file, code)
  await writeFile(join(folder, 'bot.js'), 'console.log(process.env.HTTPS_PROXY)\n')
  const start = `
    const [{ script, env }] = require(${JSON.stringify(file)}).apps
    require('node:child_process').spawnSync(process.execPath, [script], { cwd: ${JSON.stringify(folder)}, env, stdio: 'inherit' })
  `
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', start])
  expect(stdout.trim()).toBe('http://127.0.0.1:7897')
}

const bothWays = whileItRuns(async ({ program, discord }) => {
  await program.printed('"op":10')
  await program.printed('200')
  expect(discord.rest.requests).toHaveLength(1)
})

export const GUIDE_CASES: Readonly<Record<string, Case>> = {
  // discord.js, Carbon, Oceanic, Eris, no framework.
  'docs/getting-started.md 1': whileItRuns(answersPing),
  'docs/getting-started.md 2': whileItRuns(answersPing),
  'docs/getting-started.md 3': whileItRuns(answersPing),
  'docs/getting-started.md 4': whileItRuns(answersPing),
  'docs/getting-started.md 5': whileItRuns(answersPing),

  'docs/guides/pm2.md 1': asPm2,

  'docs/guides/proxy-starts-later.md 1': whileItRuns(
    async ({ program, proxy }) => {
      await program.printed('waiting: ')
      proxy.fault = undefined
      await program.printed('connected')
      await program.printed('REST answers 200')
    },
    { before: (proxy) => (proxy.fault = { kind: 'accept', verb: 'reset' }) },
  ),

  'docs/migration.md 1': bothWays,
  'docs/migration.md 2': bothWays,
  'docs/migration.md 3': whileItRuns(async ({ program, proxy }) => {
    await program.printed('200')
    expect(proxy.established).toHaveLength(1)
  }),

  'docs/faq.md 1': toItsEnd(({ program }) => {
    expect(program.output.trim().split('\n')).toEqual(['through the agent: 0', 'by transport.fetch: 200'])
  }),

  'docs/frameworks/other-clients.md 4': toItsEnd(({ program, proxy }) => {
    expect(program.output.trim()).toBe('200')
    expect(proxy.established).toHaveLength(1)
  }),
}
