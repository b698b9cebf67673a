import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseJson } from '../../../config/json.js'
import { systemCode } from '../../../errors.js'
import { OpenClawError } from '../openclaw-error.js'
import { fieldsOf, textOf } from '../wire/frames.js'
import { createDeviceKey, readDeviceKey, writeDeviceKey, type DeviceKey } from './device-key.js'
import { withFileLock } from './file-lock.js'

/** A token that a gateway has given to this device. */
export interface DeviceToken {
  readonly token: string
  readonly scopes: readonly string[]
}

/** The identity of this device, with the token of one gateway if it has given one. */
export interface Device {
  readonly key: DeviceKey
  /** As it was when the device was made: a gateway asks for a new approval when it changes. */
  readonly platform: string
  readonly token: DeviceToken | undefined
}

interface Stored {
  readonly key: DeviceKey
  readonly platform: string
  /** By `<gateway> <role>`. */
  readonly tokens: Readonly<Record<string, DeviceToken>>
}

/** Only the owner may read: the file holds the private key and the tokens. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/**
 * A device key and its tokens in one file of mode 600. Processes that share it take turns by a lock, and each reads it
 * again before it connects: so a token that one of them got anew is known to the others.
 */
export class DeviceStore {
  readonly path: string

  /** @param path default: `openclaw-device.json` in the user's state folder */
  constructor(path: string) {
    this.path = path
  }

  /** The device; it is made where there is none. */
  async load(gateway: string, role: string): Promise<Device> {
    const { key, platform, tokens } = (await this.#read()) ?? (await this.#create())
    return { key, platform, token: tokens[`${gateway} ${role}`] }
  }

  /**
   * Keeps a token, or forgets it.
   *
   * @param expected forget it only while it is still this one: another process may have a newer one
   */
  async save(
    gateway: string,
    role: string,
    token: DeviceToken | undefined,
    expected?: string,
  ): Promise<void> {
    const name = `${gateway} ${role}`
    await withFileLock(this.path, async () => {
      const stored = await this.#read()
      if (stored === undefined) return
      const { [name]: current, ...others } = stored.tokens
      if (token === undefined && current?.token !== expected) return
      if (token !== undefined && current?.token === token.token) return
      await this.#write({ ...stored, tokens: token === undefined ? others : { ...others, [name]: token } })
    })
  }

  async #create(): Promise<Stored> {
    await mkdir(dirname(this.path), { recursive: true, mode: FOLDER_MODE })
    return withFileLock(this.path, async () => {
      // Another process may have made it meanwhile.
      const there = await this.#read()
      if (there !== undefined) return there
      const made: Stored = { key: createDeviceKey(), platform: process.platform, tokens: {} }
      await this.#write(made)
      return made
    })
  }

  async #read(): Promise<Stored | undefined> {
    let text: string
    try {
      text = await readFile(this.path, 'utf8')
      await this.#closeToOthers()
    } catch (error) {
      const code = systemCode(error) ?? 'no reason given'
      if (code === 'ENOENT') return undefined
      throw unusable(this.path, `cannot be read (${code})`)
    }
    return parseStored(text, this.path)
  }

  async #closeToOthers(): Promise<void> {
    if (process.platform === 'win32') return
    const { mode } = await stat(this.path)
    if ((mode & 0o077) !== 0) await chmod(this.path, FILE_MODE)
  }

  /** Another process never sees half of it. */
  async #write({ key, platform, tokens }: Stored): Promise<void> {
    const content = {
      version: 1,
      deviceId: key.id,
      publicKey: key.publicKey,
      privateKey: writeDeviceKey(key),
      platform,
      tokens,
    }
    const draft = `${this.path}.${randomUUID()}`
    try {
      await writeFile(draft, `${JSON.stringify(content, null, 2)}\n`, { mode: FILE_MODE, flag: 'wx' })
      await rename(draft, this.path)
    } finally {
      await rm(draft, { force: true })
    }
  }
}

function parseStored(text: string, path: string): Stored {
  const { privateKey, platform, tokens } = fieldsOf(parseJson(text))
  if (typeof privateKey !== 'string') throw unusable(path, 'is not a device file')
  return {
    key: readDeviceKey(privateKey, path),
    platform: textOf(platform) ?? process.platform,
    tokens: readTokens(fieldsOf(tokens)),
  }
}

function readTokens(tokens: Readonly<Record<string, unknown>>): Record<string, DeviceToken> {
  const read = Object.entries(tokens).flatMap(([name, entry]) => {
    const { token, scopes } = fieldsOf(entry)
    if (typeof token !== 'string') return []
    const list = Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === 'string') : []
    return [[name, { token, scopes: list }] as const]
  })
  return Object.fromEntries(read)
}

function unusable(path: string, what: string): OpenClawError {
  return new OpenClawError(`The device file ${path} ${what}`, {
    code: 'ERR_OPENCLAW_DEVICE',
    hint: 'Correct it, or move it away: the client makes a new device, which has to be approved once.',
  })
}

/** Where the device is kept by default: a state folder of the user's own, not OpenClaw's. */
export function defaultDevicePath(env: Readonly<Record<string, string | undefined>>): string {
  const name = join('discord-transport', 'openclaw-device.json')
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), name)
  return join(env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), name)
}
