import { tmpdir } from 'node:os'
import { vi } from 'vitest'
import { run } from '../../src/cli/program.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { speak } from '../../src/messages/index.js'

export interface RunOptions {
  /** All of the command's environment but PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The end of the run before: the environment and the streams are those of the whole process. */
let before: Promise<unknown> = Promise.resolve()

/**
 * Runs the command within this process, one run after the other: its sources, with an environment and streams of its own.
 * A start of Node costs more than most commands do. What needs a process (signals, standard input, how it ends) is
 * tested by `builtCommand()`.
 */
export function runCommand(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const ended = before.then(() => runAlone(args, options))
  before = ended.catch(() => undefined)
  return ended
}

async function runAlone(args: readonly string[], { env = {} }: RunOptions): Promise<Ended> {
  const restoreEnvironment = replaceEnvironment({ PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...env })
  const stdout = capture(process.stdout)
  const stderr = capture(process.stderr)
  try {
    const code = await run([process.execPath, 'discord-transport', ...args])
    return { code, stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    stdout.restore()
    stderr.restore()
    restoreEnvironment()
    speak(ENGLISH)
  }
}

/** In place, because libraries and `os.homedir()` look at the variables of the process. */
function replaceEnvironment(env: Readonly<Record<string, string>>): () => void {
  const whole = { ...process.env }
  const become = (wanted: NodeJS.ProcessEnv): void => {
    for (const name of Object.keys(process.env))
      if (!(name in wanted)) Reflect.deleteProperty(process.env, name)
    Object.assign(process.env, wanted)
  }
  become(env)
  return () => become(whole)
}

/** What is written to a stream. A writer that waits for the callback goes on. */
function capture(stream: NodeJS.WriteStream): { text(): string; restore(): void } {
  let text = ''
  const write = vi.spyOn(stream, 'write').mockImplementation((chunk, encoding?, written?) => {
    text += String(chunk)
    const callback = typeof encoding === 'function' ? encoding : written
    if (callback !== undefined) process.nextTick(callback)
    return true
  })
  return { text: () => text, restore: () => write.mockRestore() }
}
