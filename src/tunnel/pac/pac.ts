import {
  parseProxyUrl,
  sanitizeForeignText,
  type PacEndpoint,
  type ProxyEndpoint,
  type TlsSettings,
} from '../../config/index.js'
import type { Attempt } from '../attempt.js'
import { nameFailure, timeoutError } from '../failures.js'
import { failure, fault, type Via } from '../fault.js'
import { PacWorker, PacWorkerError } from './pac-worker.js'
import { authority, type Target } from '../target.js'

/** How long a script is used before it is fetched again. A failed fetch keeps the one at hand for as long once more. */
const SCRIPT_LIFETIME_MS = 5 * 60_000

/** The worker's deadline fires a little before the attempt's, because it knows better what hangs. */
const MARGIN = 0.05

/** Asks a PAC script which proxies serve a destination. */
export class PacScript {
  readonly #endpoint: PacEndpoint
  readonly #tls: TlsSettings
  readonly #closed: AbortSignal
  #worker: PacWorker | undefined
  #loadedAt = -Infinity
  #loading: Promise<PacWorker> | undefined
  #retired = false

  constructor(endpoint: PacEndpoint, tls: TlsSettings, closed: AbortSignal) {
    this.#endpoint = endpoint
    this.#tls = tls
    this.#closed = closed
  }

  /**
   * The script's answer for a target, in its order. `DIRECT` counts as the first choice only: where the
   * script names a proxy first, a failing proxy is a failure and never a direct connection.
   */
  async proxiesFor(target: Target, via: Via, attempt: Attempt): Promise<readonly ProxyEndpoint[] | 'direct'> {
    const url = `${target.secure ? 'https' : 'http'}://${authority(target)}/`
    const answer = await attempt.step('pac', this.#ask(url, via, attempt))
    const choices = (typeof answer === 'string' ? answer : '')
      .split(';')
      .map((choice) => choice.trim())
      .filter((choice) => choice !== '')
    if (choices.length === 0) throw brokenScript(via, 'names neither a proxy nor DIRECT')
    const proxies = choices.map((choice) => this.#parse(choice, via))
    return proxies[0] === 'direct' ? 'direct' : proxies.filter((proxy) => proxy !== 'direct')
  }

  /** The script is no longer needed: its thread ends after the calls that are under way. */
  retire(): void {
    this.#retired = true
    this.#worker?.retire()
  }

  async #ask(url: string, via: Via, attempt: Attempt): Promise<unknown> {
    const timeoutMs = timeLeft(attempt)
    for (;;) {
      try {
        const worker = await this.#current(attempt)
        return await worker.find(url, timeLeft(attempt))
      } catch (error) {
        attempt.throwIfEnded()
        this.#closed.throwIfAborted()
        const ended = error instanceof PacWorkerError && error.failure === 'ended'
        // The deadline of another call ended the thread: this one starts over if it has enough time left.
        if (!ended || timeLeft(attempt) < timeoutMs / 2) throw named(error, via, timeoutMs)
      } finally {
        if (this.#retired) this.#worker?.retire()
      }
    }
  }

  /** The worker to ask. A script past its lifetime is loaded again; if that fails, the old one is kept. */
  async #current(attempt: Attempt): Promise<PacWorker> {
    const usable = this.#worker?.ended === false ? this.#worker : undefined
    if (usable !== undefined && performance.now() - this.#loadedAt <= SCRIPT_LIFETIME_MS) return usable
    // With a script at hand, a server that has fallen silent must leave time for the tunnel itself.
    const timeoutMs = usable === undefined ? timeLeft(attempt) : attempt.remainingMs / 2
    this.#loading ??= this.#load(timeoutMs).finally(() => (this.#loading = undefined))
    try {
      return await this.#loading
    } catch (error) {
      if (usable === undefined || usable.ended) throw error
      this.#loadedAt = performance.now()
      return usable
    }
  }

  async #load(timeoutMs: number): Promise<PacWorker> {
    const worker = await PacWorker.load(this.#endpoint, this.#tls, timeoutMs, this.#closed)
    this.#worker?.retire()
    this.#worker = worker
    this.#loadedAt = performance.now()
    return worker
  }

  #parse(choice: string, via: Via): ProxyEndpoint | 'direct' {
    const [type = '', address = ''] = choice.split(/\s+/, 2)
    if (type.toUpperCase() === 'DIRECT') return 'direct'
    const scheme = PAC_SCHEMES[type.toUpperCase()]
    if (scheme === undefined || address === '')
      throw brokenScript(via, 'names a kind of proxy that is not known')
    try {
      const proxy = parseProxyUrl(`${scheme}://${address}`, 'FindProxyForURL')
      if (proxy.kind === 'tunnel') return proxy
    } catch {
      // The reason speaks of an option's value; the script's answer is not one.
    }
    throw brokenScript(via, 'names a proxy whose address is not host:port')
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

function timeLeft(attempt: Attempt): number {
  return Math.max(1, Math.floor(attempt.remainingMs * (1 - MARGIN)))
}

const NO_RETURN = fault('ERR_PROXY_TIMEOUT', 'pac', 'route.pac.no-return')
const NO_INTERPRETER = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.interpreter')
const BROKEN_SCRIPT = fault('ERR_PROXY_CONFIG', 'pac', 'route.pac.broken')

/** A failure of the worker in the terms of the route. */
function named(error: unknown, via: Via, timeoutMs: number): unknown {
  if (!(error instanceof PacWorkerError)) return error
  switch (error.failure) {
    case 'slow-download':
      return timeoutError(via, 'pac', timeoutMs)
    case 'ended':
    case 'slow-script':
      return failure(NO_RETURN, via, {})
    case 'download':
      return nameFailure(error, 'pac', via)
    case 'interpreter':
      return failure(NO_INTERPRETER, via, { reason: error.message })
    case 'size':
      return brokenScript(via, 'is larger than 4 MiB')
    case 'unusable':
      return brokenScript(via, 'cannot be used: it does not parse, or has no function FindProxyForURL')
    case 'script':
      return brokenScript(via, `failed: ${sanitizeForeignText(error.message)}`)
  }
}

function brokenScript(via: Via, why: string): Error {
  return failure(BROKEN_SCRIPT, via, { why })
}
