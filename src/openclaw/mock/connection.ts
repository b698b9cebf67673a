import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import { parseJson } from '../../config/json.js'
import { fieldsOf, textOf, type Fields } from '../client/wire/frames.js'
import { MAX_HANDSHAKE_BYTES } from '../client/wire/handshake.js'
import type { Call } from './method.js'
import type { GatewayState } from './methods.js'
import { invalid, Refused } from './refused.js'
import type { Audience } from './session.js'

/** What a connection may do, and how it proved it. */
export interface Admission {
  readonly role: string
  readonly scopes: readonly string[]
  readonly method: string
  readonly hasDevice: boolean
  /** More fields of `auth` in hello-ok. */
  readonly auth?: Fields
}

export interface ConnectionRules {
  readonly state: GatewayState
  /** Who is let in. May take its time. @throws Refused */
  readonly admit: (params: Fields, nonce: string, ts: number) => Admission | Promise<Admission>
  /** `server` of hello-ok. */
  readonly server: Fields
  readonly tickIntervalMs: number
  readonly maxPayload: number
  readonly handshakeTimeoutMs: number
  /** Why it answers nothing now; undefined if it does. */
  readonly unavailable: () => Refused | undefined
  /** Told of each request after the handshake. `drop`: it is carried out, and not answered. */
  readonly requested?: (method: string, params: Fields) => 'drop' | undefined
}

const PROTOCOL = 4

/** Methods that OpenClaw's schema allows for `client`. */
const CLIENT_IDS = /^(?:cli|gateway-client|test|openclaw-(?:tui|probe|control-ui)|webchat(?:-ui)?|node-host)$/
const CLIENT_MODES = /^(?:webchat|cli|ui|backend|node|worker|probe|test)$/

/** One client of a gateway in memory: handshake, requests, events with their sequence. */
export class MockConnection {
  readonly #socket: WebSocket
  readonly #rules: ConnectionRules
  readonly #nonce = randomUUID()
  readonly #ts = Date.now()
  readonly #subscribed = new Set<string>()
  readonly #handshakeTimer: NodeJS.Timeout
  #seq = 0
  #greeting = false
  admission: Admission | undefined
  /** The device of the handshake. */
  deviceId: string | undefined

  constructor(socket: WebSocket, rules: ConnectionRules) {
    this.#socket = socket
    this.#rules = rules
    this.#handshakeTimer = setTimeout(() => socket.close(1000, ''), rules.handshakeTimeoutMs)
    socket.on('message', (data: Buffer) => void this.#message(data))
    socket.on('close', () => clearTimeout(this.#handshakeTimer))
    socket.on('error', () => undefined)
    const payload = { nonce: this.#nonce, ts: this.#ts, capabilities: [] }
    this.#send({ type: 'event', event: 'connect.challenge', payload })
  }

  /** Sends an event if this connection may see it. */
  event(audience: Audience | 'all', event: string, payload: Fields): void {
    if (this.admission === undefined || !this.#mayReceive(audience)) return
    this.#seq += 1
    this.#send({ type: 'event', event, payload, seq: this.#seq })
  }

  /** So many events are dropped, as they are for a reader that is too slow. */
  skip(events: number): void {
    this.#seq += events
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason)
  }

  get socket(): WebSocket {
    return this.#socket
  }

  #mayReceive(audience: Audience | 'all'): boolean {
    if (audience === 'all') return true
    if (!this.#may('operator.read')) return false
    if (audience === 'read') return true
    return this.#subscribed.has(audience === 'sessions' ? 'sessions' : `messages ${audience.messagesOf}`)
  }

  #may(scope: string): boolean {
    const scopes = this.admission?.scopes ?? []
    return scopes.includes(scope) || scopes.includes('operator.admin')
  }

  async #message(data: Buffer): Promise<void> {
    const limit = this.admission === undefined ? MAX_HANDSHAKE_BYTES : this.#rules.maxPayload
    if (data.length > limit) {
      this.close(1009, '')
      return
    }
    const frame = parseJson(data.toString())
    if (frame === undefined) {
      // After the handshake the real gateway passes over it in silence.
      if (this.admission === undefined) this.close(1000, '')
      return
    }
    const { id, method, params } = fieldsOf(frame)
    if (typeof id !== 'string' || typeof method !== 'string') {
      if (this.admission === undefined) this.close(1008, 'invalid request frame')
      else this.#refuse('invalid', invalid('invalid request frame'))
      return
    }
    if (this.admission === undefined) await this.#greet(id, method, fieldsOf(params))
    else this.#request(id, method, fieldsOf(params))
  }

  async #greet(id: string, method: string, params: Fields): Promise<void> {
    if (this.#greeting) return
    this.#greeting = true
    try {
      if (method !== 'connect') throw invalid('invalid handshake: first request must be connect')
      const unavailable = this.#rules.unavailable()
      if (unavailable !== undefined) throw unavailable
      checkClient(params)
      const admission = await this.#rules.admit(params, this.#nonce, this.#ts)
      clearTimeout(this.#handshakeTimer)
      this.deviceId = textOf(fieldsOf(params['device'])['id']) ?? undefined
      this.admission = admission
      this.#answer(id, this.#hello(admission))
      this.event('read', 'health', { ok: true, ts: Date.now() })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#refuse(id, error)
      const code = error.code === 'UNAVAILABLE' ? 1013 : error.message === 'protocol mismatch' ? 1002 : 1008
      this.close(code, code === 1013 ? 'gateway starting' : error.message.slice(0, 120))
    }
  }

  #hello({ role, scopes, method, auth }: Admission): Fields {
    const { state, server, tickIntervalMs, maxPayload } = this.#rules
    return {
      type: 'hello-ok',
      protocol: PROTOCOL,
      server: { ...server, connId: randomUUID() },
      features: { methods: state.methods, events: ['chat', 'agent', 'tick', 'shutdown', 'sessions.changed'] },
      snapshot: { presence: [], health: { ok: true }, stateVersion: { presence: 1, health: 1 }, uptimeMs: 1 },
      pluginSurfaceUrls: { canvas: 'http://127.0.0.1/__openclaw__/cap/a-capability-of-the-gateway' },
      auth: { method, role, scopes, ...auth },
      policy: { maxPayload, maxBufferedBytes: 2 * maxPayload, tickIntervalMs },
    }
  }

  #request(id: string, method: string, params: Fields): void {
    const { state } = this.#rules
    try {
      const unavailable = this.#rules.unavailable()
      if (unavailable !== undefined) throw unavailable
      // What it does not know is for administrators, too: others are told nothing else.
      const scope = state.scopeOf(method) ?? 'admin'
      if (scope !== 'none' && !this.#may(`operator.${scope}`)) throw missingScope(`operator.${scope}`)
      const payload = state.call(method, params, this.#call(id))
      if (this.#rules.requested?.(method, params) !== 'drop') this.#answer(id, payload)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      this.#refuse(id, error)
    }
  }

  #call(id: string): Call {
    return {
      hasDevice: this.admission?.hasDevice === true,
      subscribe: (what, on) => {
        const name = what === 'sessions' ? 'sessions' : `messages ${what.messagesOf}`
        if (on) this.#subscribed.add(name)
        else this.#subscribed.delete(name)
      },
      later: (payload) => {
        payload.then(
          (value) => this.#answer(id, value),
          () => undefined,
        )
      },
    }
  }

  #answer(id: string, payload: unknown): void {
    this.#send({ type: 'res', id, ok: true, payload })
  }

  #refuse(id: string, error: Refused): void {
    this.#send({ type: 'res', id, ok: false, error: error.wire })
  }

  #send(frame: Fields): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame))
  }
}

function missingScope(scope: string): Refused {
  const details = { code: 'MISSING_SCOPE', missingScope: scope, requiredScopes: [scope] }
  return new Refused('FORBIDDEN', `missing scope: ${scope}`, { details })
}

/** What the gateway's schema checks first. @throws Refused */
function checkClient(params: Fields): void {
  const { minProtocol, maxProtocol } = params
  if (Number(minProtocol) > PROTOCOL || Number(maxProtocol) < PROTOCOL)
    throw invalid('protocol mismatch', {
      code: 'PROTOCOL_MISMATCH',
      clientMinProtocol: minProtocol,
      clientMaxProtocol: maxProtocol,
      expectedProtocol: PROTOCOL,
    })
  const { id, mode } = fieldsOf(params['client'])
  if (!CLIENT_IDS.test(textOf(id) ?? ''))
    throw invalid('invalid connect params: at /client/id: must be equal to one of the allowed values')
  if (!CLIENT_MODES.test(textOf(mode) ?? ''))
    throw invalid('invalid connect params: at /client/mode: must be equal to one of the allowed values')
}
