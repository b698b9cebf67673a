import { resolve } from 'node:path'
import { expectedWholeNumber, RANGES } from '../config/ranges.js'
import { readCertificateFile } from '../config/pem.js'
import { problemsError, type Problem } from '../config/problems.js'
import type { Environment } from '../config/variables.js'
import { TransportError } from '../errors.js'
import { say } from '../messages/index.js'
import type { InstallOptions } from './options.js'

/** What `discord-transport/register` can be told by variables, beside the proxy and NO_PROXY. */
export interface PreloadSettings extends Pick<
  InstallOptions,
  'scope' | 'loopback' | 'sockets' | 'udp' | 'children'
> {
  readonly required?: boolean | undefined
  readonly dns?: 'proxy' | 'local' | undefined
  /** Path of a PEM file for both hops: TLS to an `https://` proxy, and TLS to destinations. */
  readonly caFile?: string | undefined
  /** The same for the hop to the proxy alone. */
  readonly proxyCaFile?: string | undefined
  /** The same for the hop to destinations alone. */
  readonly tlsCaFile?: string | undefined
  readonly connectTimeoutMs?: number | undefined
  readonly keepAliveMs?: number | undefined
  readonly maxTunnels?: number | undefined
}

type Name = keyof PreloadSettings

/** Reads a value that is not blank. Undefined: it is not usable. */
interface Reader<T> {
  readonly read: (text: string, variable: string) => T | undefined
  readonly expected: () => string
}

function oneOf<const Value extends string>(...values: readonly Value[]): Reader<Value> {
  return {
    read: (text) => values.find((value) => value === text.toLowerCase()),
    expected: () =>
      say('config.one-of', { values: values.slice(0, -1).join(', '), last: values.at(-1) ?? '' }),
  }
}

/** Whether a variable switches something on. */
export function isTrue(text: string | undefined): boolean {
  return SWITCH.read(text?.trim() ?? '', '') === true
}

const SWITCH: Reader<boolean> = {
  read: (text) => ({ true: true, 1: true, false: false, 0: false })[text.toLowerCase()],
  expected: () => say('config.switch'),
}

const CA_FILE: Reader<string> = {
  read: (path, variable) => {
    readCertificateFile(path, variable)
    return resolve(path)
  },
  expected: () => say('config.pem-path'),
}

function number(name: keyof typeof RANGES, unit?: 'milliseconds'): Reader<number> {
  const [least, most] = RANGES[name]
  return {
    read: (text) => {
      const value = /^\d{1,16}$/.test(text) ? Number(text) : -1
      return value >= least && value <= most ? value : undefined
    },
    expected: () => expectedWholeNumber(least, most, unit),
  }
}

/** `caFile` is `DISCORD_TRANSPORT_CA_FILE`. */
function preloadVariable(name: string): string {
  return `DISCORD_TRANSPORT_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/**
 * Reads the variables. Blank is unset. Files are read, to see whether they can be.
 *
 * @throws TransportError ERR_PROXY_CONFIG for all bad variables, each by name, and no value of any
 */
export function readPreloadSettings(env: Environment): PreloadSettings {
  const problems: Problem[] = []
  const read = <T>(name: Name, reader: Reader<T>): T | undefined => {
    const variable = preloadVariable(name)
    const text = env[variable]?.trim() ?? ''
    if (text === '') return undefined
    try {
      const value = reader.read(text, variable)
      if (value !== undefined) return value
      problems.push({ text: `${variable}: ${reader.expected()}`, hint: say('config.register.hint') })
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      problems.push({ text: error.message, hint: error.hint })
    }
    return undefined
  }
  const settings: { readonly [N in Name]-?: PreloadSettings[N] } = {
    scope: read('scope', oneOf('discord', 'all')),
    loopback: read('loopback', oneOf('direct', 'proxy', 'block')),
    sockets: read('sockets', oneOf('proxy', 'direct', 'block')),
    udp: read('udp', oneOf('block', 'direct')),
    children: read('children', SWITCH),
    required: read('required', SWITCH),
    dns: read('dns', oneOf('proxy', 'local')),
    caFile: read('caFile', CA_FILE),
    proxyCaFile: read('proxyCaFile', CA_FILE),
    tlsCaFile: read('tlsCaFile', CA_FILE),
    connectTimeoutMs: read('connectTimeoutMs', number('connectTimeoutMs', 'milliseconds')),
    keepAliveMs: read('keepAliveMs', number('keepAliveMs', 'milliseconds')),
    maxTunnels: read('maxTunnels', number('maxTunnels')),
  }
  if (problems.length > 0) throw problemsError(problems)
  return settings
}

/** The settings as the variables that say the same. Those that are not set have no variable. */
export function preloadVariables(settings: PreloadSettings): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]: [string, string | number | boolean | undefined]) =>
      value === undefined ? [] : [[preloadVariable(name), String(value)]],
    ),
  )
}
