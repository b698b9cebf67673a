import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { inspect } from 'node:util'
import { expect, onTestFinished } from 'vitest'
import { TransportError } from '../../../src/errors.js'
import {
  transportFromOpenClaw,
  type OpenClawOptions,
  type OpenClawTransport,
} from '../../../src/openclaw/index.js'

/** A home directory for the rest of the test, with these files; what is no text is written as JSON. */
export async function homeWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  // macOS: the temporary directory is a symbolic link.
  const home = await realpath(await mkdtemp(join(tmpdir(), 'discord-transport-openclaw-')))
  onTestFinished(() => rm(home, { recursive: true }))
  for (const [name, content] of Object.entries(files)) {
    const path = join(home, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode: 0o600 })
  }
  return home
}

/** Reads a configuration; the environment is empty unless the test sets it. */
export async function read(options: OpenClawOptions): Promise<OpenClawTransport> {
  const result = await transportFromOpenClaw({ env: {}, ...options })
  onTestFinished(() => result.transport.close())
  return result
}

/** Reads `.openclaw/openclaw.json` of a home directory. */
export async function readHome(
  files: Readonly<Record<string, unknown>>,
  options: OpenClawOptions = {},
): Promise<OpenClawTransport> {
  const home = await homeWith(files)
  return read({ ...options, env: { HOME: home, ...options.env } })
}

/** The error of a configuration that cannot be used. */
export async function errorOf(result: Promise<unknown>): Promise<TransportError> {
  const outcome = await result.catch((error: unknown) => error)
  if (!(outcome instanceof TransportError))
    throw new Error(`Expected a TransportError, got ${inspect(outcome)}`)
  expect(outcome).toMatchObject({ phase: 'config', retryable: false, proxy: null, sent: 'no' })
  expect(outcome.cause).toBeUndefined()
  expect(outcome.hint).not.toBe('')
  return outcome
}

/** The hosts are all different, so that the proxy in use says which setting decided. */
export const URLS = {
  account: 'http://account.example:1',
  channel: 'http://channel.example:2',
  managed: 'http://managed.example:3',
  variable: 'http://variable.example:4',
  https: 'http://https.example:5',
  option: 'http://option.example:6',
} as const
