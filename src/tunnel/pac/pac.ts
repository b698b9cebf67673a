import { rootCertificates } from 'node:tls'
import {
  parseProxyUrl,
  sanitizeForeignText,
  type PacEndpoint,
  type ProxyEndpoint,
  type TlsSettings,
} from '../../config/index.js'
import { systemCode, TransportError } from '../../errors.js'
import type { Attempt } from '../attempt.js'
import { failure, timeoutError, type Hop } from '../failures.js'
import { PacDownload } from './pac-download.js'
import { authority, type Target } from '../target.js'

/** How long a script is used before it is fetched again. A failed fetch keeps the one at hand for as long once more. */
const SCRIPT_LIFETIME_MS = 5 * 60_000

/** A download ends before the attempt that began it, so that the next attempt begins another. */
const MARGIN_MS = 5

/** The part of pac-proxy-agent that is used: it loads and runs the script, the connection is ours. */
interface PacAgent {
  getResolver(): Promise<(url: string) => Promise<unknown>>
}

/** Asks a PAC script which proxies serve a destination. Loads its interpreter on first use only. */
export class PacScript {
  readonly #endpoint: PacEndpoint
  readonly #tls: TlsSettings
  readonly #closed: AbortSignal
  #loaded: { readonly find: (url: string) => Promise<unknown>; readonly at: number } | undefined
  #loading: Promise<void> | undefined

  constructor(endpoint: PacEndpoint, tls: TlsSettings, closed: AbortSignal) {
    this.#endpoint = endpoint
    this.#tls = tls
    this.#closed = closed
  }

  /**
   * The script's answer for a target, in its order. `DIRECT` counts as the first choice only: where the
   * script names a proxy first, a failing proxy is a failure and never a direct connection.
   */
  async proxiesFor(
    target: Target,
    hop: Hop,
    attempt: Attempt,
  ): Promise<readonly (ProxyEndpoint | 'direct')[]> {
    const find = await attempt.step('pac', this.#script(hop, attempt))
    const url = `${target.secure ? 'https' : 'http'}://${authority(target)}/`
    const answer = await attempt.step(
      'pac',
      find(url).catch((error: unknown) => {
        const reason = error instanceof Error ? sanitizeForeignText(error.message) : 'no reason given'
        throw brokenScript(hop, `failed: ${reason}`)
      }),
    )
    const choices = (typeof answer === 'string' ? answer : '')
      .split(';')
      .map((choice) => choice.trim())
      .filter((choice) => choice !== '')
    if (choices.length === 0) throw brokenScript(hop, 'names neither a proxy nor DIRECT')
    const proxies = choices.map((choice) => this.#parse(choice, hop))
    return proxies[0] === 'direct' ? ['direct'] : proxies.filter((proxy) => proxy !== 'direct')
  }

  async #script(hop: Hop, attempt: Attempt): Promise<(url: string) => Promise<unknown>> {
    const stale = this.#loaded === undefined || performance.now() - this.#loaded.at > SCRIPT_LIFETIME_MS
    if (stale) {
      // With a script at hand, a server that has fallen silent must leave time for the tunnel itself.
      const timeoutMs = this.#loaded === undefined ? attempt.remainingMs - MARGIN_MS : attempt.remainingMs / 2
      this.#loading ??= this.#load(hop, timeoutMs).finally(() => (this.#loading = undefined))
      try {
        await this.#loading
      } catch (error) {
        if (this.#loaded === undefined) throw error
        this.#loaded = { ...this.#loaded, at: performance.now() }
      }
    }
    if (this.#loaded === undefined) throw brokenScript(hop, 'could not be loaded')
    return this.#loaded.find
  }

  async #load(hop: Hop, timeoutMs: number): Promise<void> {
    const { proxies } = await import('proxy-agent')
    const PacProxyAgent = await proxies[this.#endpoint.protocol][1]()
    const download = new PacDownload({
      timeoutMs,
      onTimeout: () => timeoutError(hop, 'pac', timeoutMs),
      onTooLarge: () => brokenScript(hop, 'is too large to be one'),
    })
    const options = {
      agent: download.agent,
      ...(this.#tls.ca === undefined ? undefined : { ca: [...rootCertificates, ...this.#tls.ca] }),
      rejectUnauthorized: this.#tls.rejectUnauthorized,
      // alert() would print to the console of the bot.
      sandbox: { alert: () => undefined },
    }
    const agent: unknown = new PacProxyAgent(`pac+${this.#endpoint.scriptUrl}`, options)
    if (!isPacAgent(agent)) throw new TypeError('proxy-agent gave no PAC resolver')
    try {
      this.#loaded = { find: await download.run(agent.getResolver(), this.#closed), at: performance.now() }
    } catch (error) {
      // What fails on the way has a code of the system, TLS or HTTP; the interpreter's errors have none.
      if (error instanceof TransportError || systemCode(error) !== undefined) throw error
      throw brokenScript(hop, 'cannot be used: it is no JavaScript with a function FindProxyForURL')
    }
  }

  #parse(choice: string, hop: Hop): ProxyEndpoint | 'direct' {
    const [type = '', address = ''] = choice.split(/\s+/, 2)
    if (type.toUpperCase() === 'DIRECT') return 'direct'
    const scheme = PAC_SCHEMES[type.toUpperCase()]
    if (scheme === undefined || address === '')
      throw brokenScript(hop, 'names a kind of proxy that is not known')
    try {
      const proxy = parseProxyUrl(`${scheme}://${address}`, 'FindProxyForURL')
      if (proxy.kind === 'tunnel') return proxy
    } catch {
      // The reason speaks of an option's value; the script's answer is not one.
    }
    throw brokenScript(hop, 'names a proxy whose address is not host:port')
  }
}

/** The words of FindProxyForURL's answer. SOCKS means 4a or 5 by browser; 5 is what pac-proxy-agent takes it for. */
const PAC_SCHEMES: Readonly<Partial<Record<string, string>>> = {
  PROXY: 'http',
  HTTP: 'http',
  HTTPS: 'https',
  SOCKS: 'socks5h',
  SOCKS5: 'socks5h',
  SOCKS4: 'socks4a',
}

function isPacAgent(value: unknown): value is PacAgent {
  return (
    typeof value === 'object' &&
    value !== null &&
    'getResolver' in value &&
    typeof value.getResolver === 'function'
  )
}

function brokenScript(hop: Hop, why: string): Error {
  return failure('ERR_PROXY_CONFIG', 'pac', `the PAC script of ${hop.proxy ?? ''} ${why}`, undefined, hop, {
    hint: 'FindProxyForURL must return "PROXY host:port", "SOCKS5 host:port", "HTTPS host:port" or "DIRECT".',
    retryable: false,
  })
}
