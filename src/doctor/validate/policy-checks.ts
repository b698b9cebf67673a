import { isIP } from 'node:net'
import { TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { authority } from '../../tunnel/index.js'
import { deniedSample, type EgressPolicy } from '../policy/index.js'
import { proxyReplyOf, type ProxyReply } from './proxy-reply.js'
import type { ProxiedRoute } from './proxied-route.js'
import type { PolicyCheck } from './validation.js'

/** The one port that every proxy lets CONNECT reach: on another port its refusal might be about the port. */
const PORT = 443

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const

type Destination = Pick<PolicyCheck, 'destination' | 'category' | 'reason'> & {
  readonly host: string
  readonly port: number
}

/** What the proxy made of a tunnel request. */
type Reply = ProxyReply | 'opened'

type Outcome = Pick<PolicyCheck, 'ok' | 'verdict' | 'error'>

/**
 * Asks the proxy for a tunnel to one address of each range and exception, and to each name. Nothing is sent into
 * a tunnel that opens: there may be a real service at its end.
 */
export class PolicyProbe {
  readonly #proxied: ProxiedRoute
  readonly #timeoutMs: number
  readonly #loopbackBlocked = new Map<4 | 6, Promise<boolean>>()

  constructor(proxied: ProxiedRoute, timeoutMs: number) {
    this.#proxied = proxied
    this.#timeoutMs = timeoutMs
  }

  /** One function for each check, exceptions first. */
  checks({ exceptions, ranges, names }: EgressPolicy): readonly (() => Promise<PolicyCheck>)[] {
    const allowed = exceptions.map(({ cidr, port, sample }): Destination => {
      const destination = port === null ? cidr : authority({ host: cidr, port })
      const reason = say('validate.exception')
      return { destination, host: sample, port: port ?? PORT, category: 'exception', reason }
    })
    const denied = [
      ...ranges.flatMap((range): readonly Destination[] => {
        const { cidr, category, reason } = range
        const host = deniedSample(range, exceptions, PORT)
        return host === undefined ? [] : [{ destination: cidr, host, port: PORT, category, reason }]
      }),
      ...names.map(({ name, category, reason }) => ({
        destination: name,
        host: name,
        port: PORT,
        category,
        reason,
      })),
    ]
    return [
      ...allowed.map((destination) => () => this.#check(destination, (reply) => mustPass(reply))),
      ...denied.map(
        (destination) => () => this.#check(destination, (reply) => this.#mustFail(destination, reply)),
      ),
    ]
  }

  async #check(
    { host, port, ...about }: Destination,
    judge: (reply: Reply) => Outcome | Promise<Outcome>,
  ): Promise<PolicyCheck> {
    const { reply, said } = await this.#ask(host, port)
    const outcome = await judge(reply)
    const error = [said, outcome.error].filter((text) => text !== null).join(': ')
    const { ofList } = this.#proxied
    const url = authority({ host, port })
    const check = { kind: 'policy', ...ofList, url, status: null, ...about } as const
    return { ...check, ...outcome, error: error === '' ? null : error }
  }

  async #ask(host: string, port: number): Promise<{ reply: Reply; said: string | null }> {
    const { route, proxy } = this.#proxied
    try {
      const socket = await route.openTunnel({ host, port, secure: false }, { timeoutMs: this.#timeoutMs })
      socket.destroy()
      return { reply: 'opened', said: null }
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      return { reply: proxyReplyOf(error, proxy.protocol), said: error.message }
    }
  }

  async #mustFail({ host, category }: Destination, reply: Reply): Promise<Outcome> {
    if (reply === 'opened') return { ok: false, verdict: 'reached', error: say('validate.reached') }
    if (reply === 'refused') return { ok: true, verdict: 'denied', error: null }
    const blocked = await this.#whyBlocked(host, category, reply)
    return blocked === undefined
      ? { ok: false, verdict: 'inconclusive', error: say('validate.not-refused') }
      : { ok: true, verdict: 'blocked', error: blocked }
  }

  async #whyBlocked(
    host: string,
    category: Destination['category'],
    reply: ProxyReply,
  ): Promise<string | undefined> {
    if (reply === 'address-type') return say('validate.blocked')
    if (reply !== 'unreachable' && reply !== 'no-address') return undefined
    const family = isIP(host)
    // Dante looks a name up before it applies its rules. The ranges hold what the names of the table resolve to.
    if (family === 0) return category === 'added' ? undefined : say('validate.name-unreachable')
    return (await this.#isLoopbackBlocked(family === 6 ? 6 : 4)) ? say('validate.blocked') : undefined
  }

  /**
   * "Unreachable" alone proves nothing: the destination may be down today. Every host can reach its own loopback,
   * though. If the proxy cannot, then a packet filter blocks it, or the proxy does not use the address family.
   */
  #isLoopbackBlocked(family: 4 | 6): Promise<boolean> {
    const known = this.#loopbackBlocked.get(family)
    if (known !== undefined) return known
    const blocked = this.#ask(LOOPBACK[family], PORT).then(
      ({ reply }) => reply === 'unreachable' || reply === 'address-type',
    )
    this.#loopbackBlocked.set(family, blocked)
    return blocked
  }
}

/** A service that refuses the connection was reached: the proxy let it through. */
function mustPass(reply: Reply): Outcome {
  if (reply === 'opened' || reply === 'connected') return { ok: true, verdict: 'allowed', error: null }
  if (reply === 'refused' || reply === 'address-type')
    return { ok: false, verdict: 'denied', error: say('validate.exception.denied') }
  return { ok: false, verdict: 'inconclusive', error: say('validate.exception.unreachable') }
}
