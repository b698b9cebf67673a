import { TransportError } from '../errors.js'
import { createDiscordTransport, type DiscordTransport, type TransportOptions } from '../index.js'
import { say } from '../messages/index.js'
import { transportOptions, type ConnectionFlags } from './connection-options.js'
import { UsageError } from './exit-codes.js'

/** The flags that take the settings from OpenClaw's configuration. */
export interface OpenClawFlags {
  /** The file; true for the one that OpenClaw reads. */
  readonly openclaw?: string | true
  readonly account?: string
}

/** Where the transport of a command comes from. */
export interface ConnectionSettings {
  /** @throws TransportError for a variable or a configuration that cannot be used */
  open(changes?: TransportOptions): DiscordTransport
  /** The bot's token of the configuration. */
  token(): Promise<string | undefined>
  readonly notes: readonly string[]
  readonly env: NonNullable<TransportOptions['env']>
  /** What OpenClaw has to know about the operator's proxy, beside its URL. */
  readonly managed: { readonly caFile: string | undefined; readonly loopbackMode: string | undefined }
}

/**
 * The settings that the flags ask for: the environment, or OpenClaw's configuration.
 *
 * @throws UsageError for a flag whose value is not usable
 */
export async function connectionSettings(
  flags: ConnectionFlags & OpenClawFlags,
): Promise<ConnectionSettings> {
  const options = transportOptions(flags)
  if (flags.openclaw !== undefined) return fromOpenClaw(flags, options)
  if (flags.account !== undefined)
    throw new UsageError(say('usage.needs', { flag: '--account', other: '--openclaw' }))
  return settings((changes) => createDiscordTransport({ ...options, ...changes }))
}

/** The place of the configuration and the account, for the reader. */
export function askedOf({ openclaw, account }: OpenClawFlags): {
  readonly path?: string
  readonly account?: string
} {
  return {
    ...(typeof openclaw === 'string' ? { path: openclaw } : {}),
    ...(account === undefined ? {} : { account }),
  }
}

/** A flag that names no file or no account is wrong usage; what the file holds is not. */
export function flagError(error: unknown): unknown {
  if (!(error instanceof TransportError)) return error
  const [, option = ''] = /^(account|path): /.exec(error.message) ?? []
  if (option === '') return error
  const flag = option === 'path' ? '--openclaw' : '--account'
  return new UsageError(`${flag}: ${error.message.slice(option.length + 2)}\n${error.hint}`)
}

async function fromOpenClaw(
  flags: ConnectionFlags & OpenClawFlags,
  options: TransportOptions,
): Promise<ConnectionSettings> {
  const [{ openConfig, readSettings, readToken }, { openTransport }] = await Promise.all([
    import('../openclaw/config/reading.js'),
    import('../openclaw/config/open-transport.js'),
  ])
  try {
    const opened = await openConfig(askedOf(flags))
    const { config } = opened
    const reading = readSettings(opened, { ...options, proxy: undefined }, { override: options.proxy })
    return {
      open: (changes) => openTransport(reading, changes),
      token: () => readToken(reading),
      notes: reading.notes,
      env: config.env,
      managed: {
        caFile: reading.transportOptions.proxyTls?.caFile,
        loopbackMode: config.text(['proxy', 'loopbackMode']),
      },
    }
  } catch (error) {
    const failure = flagError(error)
    if (!(failure instanceof TransportError)) throw failure
    return settings(() => {
      throw failure
    })
  }
}

function settings(open: ConnectionSettings['open']): ConnectionSettings {
  return {
    open,
    token: () => Promise.resolve(undefined),
    notes: [],
    env: process.env,
    managed: { caFile: undefined, loopbackMode: undefined },
  }
}
