import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startDiscord, type DiscordOptions, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy, type LabScheme } from '../lab/proxy/index.js'
import { Program } from '../support/processes/program.js'
import type { ProgramBlock } from './code-blocks.js'

/** A block that runs as a program of its own, and what it can reach. */
export interface BlockRun {
  readonly discord: FakeDiscord
  readonly proxy: LabProxy
  readonly program: Program
  /** Where the program runs: files that it writes are here. */
  readonly folder: string
}

export interface BlockOptions {
  readonly scheme?: LabScheme
  readonly discord?: Partial<Omit<DiscordOptions, 'names'>>
  /** Runs before the program starts. */
  readonly before?: (proxy: LabProxy) => void
}

/** Checks what a block does. */
export type Case = (block: ProgramBlock) => Promise<void>

/** The proxy in the pages' examples. When the block runs, the address of the lab's proxy takes its place. */
const PRINTED_PROXY = /\b\w+:\/\/(?:127\.0\.0\.1|proxy\.example):\d+/g
const NODE_MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))

/** The block runs until the check has finished. */
export function whileItRuns(check: (run: BlockRun) => Promise<void>, options: BlockOptions = {}): Case {
  return async (block) => {
    const { scheme = 'http', before } = options
    const names = new LabNames()
    await using discord = await startDiscord({ names, ...options.discord })
    await using proxy = await startProxy({ scheme, names })
    before?.(proxy)
    const folder = await mkdtemp(join(tmpdir(), 'discord-transport-docs-'))
    try {
      await symlink(NODE_MODULES, join(folder, 'node_modules'), 'junction')
      const program = await startProgram(block, { discord, proxy, folder })
      try {
        await check({ discord, proxy, program, folder })
      } finally {
        await program.kill()
      }
    } finally {
      await rm(folder, { recursive: true, force: true })
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

/** Starts a block in the folder of another one. */
export async function startProgram(
  { file, code }: ProgramBlock,
  { discord, proxy, folder }: Omit<BlockRun, 'program'>,
): Promise<Program> {
  const path = join(folder, file)
  await writeFile(path, code.replaceAll(PRINTED_PROXY, proxy.url))
  return Program.start({ file: path, proxy: proxy.url, discord, cwd: folder })
}
