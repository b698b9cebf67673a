import { failureOf, TransportError } from '../../errors.js'
import { Attempt } from '../attempt.js'
import { timeoutError } from '../failures.js'
import type { Via } from '../fault.js'
import type { Candidate, ChoiceSettings, Choosing, Connection } from './choosing.js'
import { allFailed, blame, failuresOf, isHopFailure } from './own-failure.js'
import { watchPort, type ProxyAddress } from './port-watch.js'
import { recover } from './recovery.js'
import { REDIAL, redialWhenPortAnswers } from './redial.js'
import { Standing } from './standing.js'

/** A proxy that is to come back, since it is preferred to the one that works. */
interface PreferredReturn {
  readonly stop: () => void
  /** The keys of those before it. When one of them works, nobody waits for this one. */
  readonly before: readonly string[]
}

/**
 * Chooses among proxies, those of the configuration and those that a PAC script names alike: it knows which of them
 * work, in which order a destination tries them, and when one comes back.
 *
 * A proxy that failed is tried again in the background, so that no connection pays for it while another one works.
 */
export class ProxyChoice {
  readonly #listed: readonly Candidate[]
  readonly #settings: ChoiceSettings
  readonly #standings = new Map<string, Standing>()
  readonly #addresses = new Map<string, ProxyAddress>()
  readonly #recoveries = new Map<string, PreferredReturn>()
  #inUse: Candidate | undefined
  #retired = false

  /** @param listed the proxies of the configuration, in order of preference */
  constructor(listed: readonly Candidate[], settings: ChoiceSettings) {
    this.#listed = listed
    this.#settings = settings
    this.#inUse = listed[0]
  }

  /** The proxy of the configuration that new connections take; undefined without proxies. */
  get inUse(): Candidate | undefined {
    return this.#inUse
  }

  /** What is known of a proxy. */
  standing({ key }: Pick<Candidate, 'key'>): Standing {
    let standing = this.#standings.get(key)
    if (standing === undefined) {
      standing = new Standing(this.#settings.random)
      this.#standings.set(key, standing)
    }
    return standing
  }

  /** The candidates in the order in which a connection to this target tries them. */
  order(candidates: readonly Candidate[], target: string): readonly Candidate[] {
    if (candidates.length < 2) return candidates
    const now = performance.now()
    const rank = (candidate: Candidate): number => this.standing(candidate).rank(target, now)
    return [...candidates].sort((one, other) => rank(one) - rank(other))
  }

  /**
   * Opens a connection through the first candidate that can. The time that is left is shared out among those that are
   * left, so that the last has its part.
   *
   * @throws the error of the first by preference, with `failures`; what fails behind a proxy ends the attempt at once
   */
  async open(choosing: Choosing, attempt: Attempt): Promise<Connection> {
    const { candidates, target } = choosing
    const ordered = this.order(candidates, target)
    const failures = new Map<Candidate, TransportError>()
    for (const [index, candidate] of ordered.entries()) {
      const begunAt = performance.now()
      try {
        const opened = await this.#openShare(candidate, ordered.length - index, choosing, attempt)
        // No more is known of one that forwards than that its port answers.
        if (opened.forwardProxy === undefined) this.#worked(candidate)
        // A script in a list has a list of its own: the one in which there is a choice counts.
        else if (candidates.length > 1)
          opened.forwardProxy.onRefusal ??= (error) => this.#refused(error, candidate, choosing)
        return opened
      } catch (error) {
        if (!(error instanceof TransportError)) throw error
        this.#failed(error, candidate, choosing, begunAt)
        failures.set(candidate, error)
        const inOrder = candidates.flatMap((one) => failures.get(one) ?? [])
        if (!this.#moves(error)) throw failures.size === 1 ? error : failureOf(error, { failures: inOrder })
        if (attempt.ending !== undefined || index === ordered.length - 1) throw allFailed(inOrder) ?? error
      }
    }
    throw new TypeError('there was no proxy to choose from')
  }

  /**
   * Waits for the proxies whose port did not answer, all of them at one time.
   *
   * @param error of a connection that failed
   * @returns ends the wait; undefined if no port is to be waited for
   */
  onReturn(error: TransportError, onReturn: () => void): (() => void) | undefined {
    const hops = failuresOf(error).filter(isHopFailure)
    const addresses = new Set(hops.flatMap(({ proxy }) => this.#addresses.get(proxy ?? '') ?? []))
    if (addresses.size === 0 || this.#retired) return undefined
    const stops = [...addresses].map((address) => watchPort(address, onReturn))
    return () => {
      for (const stop of stops) stop()
    }
  }

  /** Another choice has replaced this one, or the transport closes: nothing is tried in the background any more. */
  retire(): void {
    this.#retired = true
    for (const { stop } of this.#recoveries.values()) stop()
    this.#recoveries.clear()
  }

  async #openShare(
    candidate: Candidate,
    choices: number,
    { candidates, target, open }: Choosing,
    attempt: Attempt,
  ): Promise<Connection> {
    let via: Via = { proxy: candidate.proxy.redactedUrl, target }
    // A PAC script answered DIRECT: no proxy has a part in what follows.
    const onDirect = (): void => void (via = { ...via, proxy: null })
    // Where the error of the whole attempt says the same, it may have all of the time.
    const alone =
      candidates.length === 1 && this.#listed.length === 1 && candidate.key === this.#listed[0]?.key
    const shareMs = alone ? attempt.timeoutMs : Math.min(attempt.shareMs(choices), attempt.partMs)
    const endsAt = performance.now() + (alone ? attempt.remainingMs : shareMs)
    for (;;) {
      const leftMs = Math.max(1, Math.ceil(endsAt - performance.now()))
      const part = attempt.part(leftMs, (phase) => timeoutError(via, phase, shareMs))
      const stopWatching = redialWhenPortAnswers(part, addressOf(candidate))
      try {
        const opened = await open(candidate, via, part, onDirect)
        attempt.own(opened.socket)
        return opened
      } catch (error) {
        const named = part.fail(error, via)
        attempt.throwIfEnded()
        if (named !== REDIAL) throw named
      } finally {
        stopWatching()
        part.dispose()
      }
    }
  }

  #moves(error: TransportError): boolean {
    const blamed = blame(error)
    return blamed === 'proxy' || (blamed === 'denied' && this.#settings.onDenied === 'next')
  }

  #failed(error: TransportError, candidate: Candidate, choosing: Choosing, begunAt: number): void {
    const blamed = blame(error)
    const { redactedUrl: shown } = candidate.proxy
    if (blamed !== 'behind') this.#settings.onFailed(shown)
    if (blamed !== 'proxy') {
      // A name that this host could not look up says nothing about the proxy.
      if (error.phase === 'tunnel') this.#worked(candidate)
      if (blamed === 'denied') this.#refused(error, candidate, choosing)
      return
    }
    const address = addressOf(candidate)
    if (address !== undefined) this.#addresses.set(shown, address)
    const isNew = this.standing(candidate).failed(error, begunAt, performance.now())
    if (isNew) {
      const { code, phase } = error
      this.#settings.onEvent({ type: 'proxy-down', proxy: shown, code, phase })
      this.#useFirst(`${shown} is down (${code})`)
    }
    this.#recoverPreferred(choosing)
  }

  /** For a time the others come first for this destination: an answer to one request says nothing of the others. */
  #refused(error: TransportError, candidate: Candidate, { candidates, target }: Choosing): void {
    if (this.#moves(error) && candidates.length > 1)
      this.standing(candidate).denied(target, performance.now())
  }

  #worked(candidate: Candidate): void {
    const { key, proxy } = candidate
    const downMs = this.standing(candidate).worked(performance.now())
    if (downMs === undefined) return
    for (const [other, { stop, before }] of this.#recoveries) {
      if (other !== key && !before.includes(key)) continue
      stop()
      this.#recoveries.delete(other)
    }
    const { redactedUrl: shown } = proxy
    this.#settings.onEvent({ type: 'proxy-up', proxy: shown, ms: downMs })
    this.#useFirst(`${shown} works again`)
  }

  /** The first that works; with none, the one that was used last. */
  #useFirst(reason: string): void {
    const first = this.#listed.find((candidate) => this.standing(candidate).down === undefined)
    const before = this.#inUse
    if (first === undefined || before === undefined || first === before) return
    this.#inUse = first
    const [from, proxy] = [before.proxy.redactedUrl, first.proxy.redactedUrl]
    this.#settings.onEvent({ type: 'proxy-change', proxy, from, reason })
  }

  /** Sees to it that each proxy comes back that would be taken before the first one that works. */
  #recoverPreferred(choosing: Choosing): void {
    const { candidates } = choosing
    if (this.#retired || candidates.length < 2) return
    for (const [index, candidate] of candidates.entries()) {
      const standing = this.standing(candidate)
      if (standing.down === undefined) return
      if (this.#recoveries.has(candidate.key)) continue
      const stop = recover(standing, addressOf(candidate), (signal) => {
        void this.#retry(candidate, choosing, signal)
      })
      const before = candidates.slice(0, index).map(({ key }) => key)
      this.#recoveries.set(candidate.key, { stop, before })
    }
  }

  /** Opens a tunnel that nobody waits for, and closes it. */
  async #retry(candidate: Candidate, choosing: Choosing, signal: AbortSignal): Promise<void> {
    const { connectTimeoutMs: timeoutMs, closing } = this.#settings
    const via: Via = { proxy: candidate.proxy.redactedUrl, target: choosing.target }
    const begunAt = performance.now()
    const attempt = new Attempt({
      timeoutMs,
      signals: [closing, signal],
      onTimeout: (phase) => timeoutError(via, phase, timeoutMs),
      inBackground: true,
    })
    try {
      const { socket } = await choosing.open(candidate, via, attempt, () => undefined)
      socket.destroy()
      this.#worked(candidate)
    } catch (error) {
      const named = attempt.fail(error, via)
      if (closing.aborted || signal.aborted || !(named instanceof TransportError)) return
      this.#recoveries.delete(candidate.key)
      this.#failed(named, candidate, choosing, begunAt)
      const standing = this.standing(candidate)
      if (standing.down?.rested !== true) return
      // This host failed before the proxy was asked.
      standing.failed(named, begunAt, performance.now())
      this.#recoverPreferred(choosing)
    } finally {
      attempt.dispose()
    }
  }
}

/** Where it listens; undefined for a PAC script, which names others. */
function addressOf({ proxy }: Candidate): ProxyAddress | undefined {
  return proxy.kind === 'tunnel' ? proxy : undefined
}
