import { expect } from 'vitest'
import { startDiscord, type DiscordOptions, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy, type LabScheme } from '../lab/proxy/index.js'
import { Program, type ProgramSettings } from '../support/processes/program.js'
import type { ProgramBlock } from './code-blocks.js'

/** A block that runs as a program of its own, and what it can reach. */
export interface BlockRun {
  readonly discord: FakeDiscord
  readonly proxy: LabProxy
  readonly program: Program
}

export interface BlockOptions {
  readonly scheme?: LabScheme
  readonly discord?: Partial<Omit<DiscordOptions, 'names'>>
  /** Runs before the program starts. */
  readonly before?: (proxy: LabProxy) => void
  /** More variables of the program. */
  readonly env?: ProgramSettings['env']
}

/** Checks what a block does. */
export type Case = (block: ProgramBlock) => Promise<void>

/** The proxy in the pages' examples. When the block runs, the address of the lab's proxy takes its place. */
const PRINTED_PROXY = /\b\w+:\/\/(?:127\.0\.0\.1|proxy\.example):\d+/g

/** The block runs until the check has finished. */
export function whileItRuns(check: (run: BlockRun) => Promise<void>, options: BlockOptions = {}): Case {
  return async (block) => {
    const { scheme = 'http', before, env = {} } = options
    const names = new LabNames()
    await using discord = await startDiscord({ names, ...options.discord })
    await using proxy = await startProxy({ scheme, names })
    before?.(proxy)
    const program = await startProgram(block, { discord, proxy }, { env })
    try {
      await check({ discord, proxy, program })
    } finally {
      await program.kill()
    }
  }
}

/** The block ends by itself with exit code 0; then the check looks at what it did. */
export function toItsEnd(check: (run: BlockRun) => void | Promise<void>, options?: BlockOptions): Case {
  return whileItRuns(async (run) => {
    const code = await run.program.ended()
    if (code !== 0) throw new Error(`The block ended with exit code ${code}: ${run.program.output}`)
    await check(run)
  }, options)
}

/** A bot that says pong where somebody writes !ping, and nothing else. */
export async function answersPing({ discord, program }: BlockRun): Promise<void> {
  await program.during(discord.gateway.waitForIdentify())
  discord.sayAs(discord.human, '!ping')
  await program.during(discord.rest.waitForRequest('POST /channels/:id/messages'))
  expect(discord.messages.in(discord.channelId).map(({ content }) => content)).toEqual(['!ping', 'pong'])
  expect(program.output).toBe('')
}

/** Starts a block, by default in a folder of its own. */
export function startProgram(
  { code }: ProgramBlock,
  { discord, proxy }: Omit<BlockRun, 'program'>,
  settings: Pick<ProgramSettings, 'cwd' | 'env'> = {},
): Promise<Program> {
  const printed = code.replaceAll(PRINTED_PROXY, proxy.url)
  return Program.start({ code: printed, proxy: proxy.url, discord, ...settings })
}
