import { problemsError, type Problem } from '../config/problems.js'
import { nearestName } from '../config/spelling.js'
import type { Surface } from './surface.js'

/** What a {@link BypassPolicy} is asked about. */
export interface BypassRequest {
  readonly surface: Surface
  /** Where the connection leads: `https://discord.com/api/v10`, or `tcp://host:port` where no URL is known. */
  readonly url: string
}

/**
 * Called for each connection in scope, before it is routed. Only `true` sends it direct; an error that it throws is the
 * connection's failure.
 */
export type BypassPolicy = (request: BypassRequest) => boolean

/** Options of `transport.install()`. Every one may be left out. */
export interface InstallOptions {
  /** Which destinations take the proxy: the domains of Discord, or all. Default: `'discord'`. */
  readonly scope?: 'discord' | 'all' | undefined
  /**
   * Destinations that go direct although they are in scope: as the option of the transport. Nothing counts for a proxy
   * from OPENCLAW_PROXY_URL. Default: that of the transport.
   */
  readonly noProxy?: 'env' | readonly string[] | false | undefined
  /** What happens to connections to this host itself. Default: `'direct'`. */
  readonly loopback?: 'direct' | 'proxy' | 'block' | undefined
  /** What happens to connections of node:net, node:tls and node:http2 in scope. Default: `'proxy'`. */
  readonly sockets?: 'proxy' | 'direct' | 'block' | undefined
  /** What happens to UDP packets to the voice servers of Discord. Default: `'block'`. */
  readonly udp?: 'block' | 'direct' | undefined
  /** Whether child processes and Workers get the same configuration. Default: false. */
  readonly children?: boolean | undefined
  /** Whether the proxy stands in HTTP_PROXY and the like until `stop()`. Default: `'keep'`. */
  readonly environment?: 'keep' | 'export' | undefined
  /** Sends chosen connections direct. Default: none. */
  readonly bypassPolicy?: BypassPolicy | undefined
}

/** {@link InstallOptions} with the defaults. */
export type ResolvedInstallOptions = ReturnType<typeof parseInstallOptions>

interface Check {
  readonly accepts: (value: unknown) => boolean
  readonly expected: string
}

function oneOf(...values: readonly string[]): Check {
  const quoted = values.map((value) => `'${value}'`)
  return {
    accepts: (value) => typeof value === 'string' && values.includes(value),
    expected: `must be ${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1) ?? ''}`,
  }
}

/** Written by hand: zod costs more time than the rest of the start together. */
const CHECKS: Readonly<Record<keyof InstallOptions, Check>> = {
  scope: oneOf('discord', 'all'),
  noProxy: {
    accepts: (value) => value === 'env' || value === false || isHostList(value),
    expected: "must be 'env', an array of host names, or false",
  },
  loopback: oneOf('direct', 'proxy', 'block'),
  sockets: oneOf('proxy', 'direct', 'block'),
  udp: oneOf('block', 'direct'),
  children: { accepts: (value) => typeof value === 'boolean', expected: 'must be true or false' },
  environment: oneOf('keep', 'export'),
  bypassPolicy: { accepts: (value) => typeof value === 'function', expected: 'must be a function' },
}

const NAMES = Object.keys(CHECKS)
const HINT = 'InstallOptions documents each option with its default.'

/**
 * Checks the options of `install()` and sets the defaults.
 *
 * @throws TransportError `ERR_INVALID_OPTIONS`: one for all bad fields
 */
export function parseInstallOptions(input: InstallOptions = {}) {
  const problems = problemsOf(input)
  if (problems.length > 0) throw problemsError(problems, 'ERR_INVALID_OPTIONS')
  const { noProxy } = input
  return Object.freeze({
    scope: input.scope ?? 'discord',
    noProxy: typeof noProxy === 'object' ? Object.freeze([...noProxy]) : noProxy,
    loopback: input.loopback ?? 'direct',
    sockets: input.sockets ?? 'proxy',
    udp: input.udp ?? 'block',
    children: input.children ?? false,
    environment: input.environment ?? 'keep',
    bypassPolicy: input.bypassPolicy,
  })
}

function problemsOf(input: unknown): readonly Problem[] {
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    return [{ text: "install: must be an object such as { scope: 'discord' }", hint: HINT }]
  return Object.entries(input).flatMap(([name, value]): readonly Problem[] => {
    if (!isOption(name)) {
      const nearest = nearestName(name, NAMES)
      const meant = nearest === undefined ? '' : `; did you mean ${nearest}?`
      return [{ text: `${name.slice(0, 40)}: is not an option of install()${meant}`, hint: HINT }]
    }
    const check = CHECKS[name]
    return value === undefined || check.accepts(value)
      ? []
      : [{ text: `${name}: ${check.expected}`, hint: HINT }]
  })
}

function isOption(name: string): name is keyof InstallOptions {
  return Object.hasOwn(CHECKS, name)
}

function isHostList(value: unknown): boolean {
  return Array.isArray(value) && Array.from<unknown>(value).every((entry) => typeof entry === 'string')
}
