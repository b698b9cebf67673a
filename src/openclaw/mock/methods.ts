import { randomUUID } from 'node:crypto'
import type { Fields } from '../client/wire/frames.js'
import type { Call, Method } from './method.js'
import { otherMethods } from './other-methods.js'
import { invalid } from './refused.js'
import { MockSession, type Answer, type Tell } from './session.js'

export interface GatewayStateOptions {
  readonly answer: Answer
  readonly tell: Tell
  /** What `config.get` shows. */
  readonly config?: Fields
}

const MESSAGE = ['agentId', 'thinking', 'attachments', 'timeoutMs', 'idempotencyKey'] as const
const LIST = [
  'limit',
  'offset',
  'activeMinutes',
  'activeOnly',
  'sortBy',
  'search',
  'agentId',
  'label',
  'archived',
  'includeLastMessage',
] as const
const CREATE = [
  'key',
  'agentId',
  'label',
  'displayName',
  'model',
  'thinkingLevel',
  'task',
  'message',
  'parentSessionKey',
  'cwd',
  'attachments',
  'idempotencyKey',
] as const

/**
 * The sessions of a gateway in memory, and the methods that this client uses, as OpenClaw 2026.9 answers them. The mock
 * of the command and the fake gateway of the tests share it.
 */
export class GatewayState {
  readonly sessions = new Map<string, MockSession>()
  readonly #options: GatewayStateOptions
  /** Runs by idempotency key, in the memory of the process. */
  readonly #keys = new Map<string, string>()
  /** How often each message was begun: no key twice is the promise of the gateway. */
  readonly sends: { readonly key: string; readonly sessionKey: string; readonly message: string }[] = []
  readonly #methods: Readonly<Record<string, Method>>

  constructor(options: GatewayStateOptions) {
    this.#options = options
    this.#methods = {
      ...this.#sessionMethods(),
      ...this.#chatMethods(),
      ...otherMethods(() => this.sessions.size, options.config ?? {}),
    }
    this.#session('agent:main:main')
  }

  get methods(): readonly string[] {
    return Object.keys(this.#methods)
  }

  scopeOf(method: string): Method['scope'] | undefined {
    return this.#methods[method]?.scope
  }

  /** @throws Refused */
  call(method: string, params: Fields, call: Call): unknown {
    const known = this.#methods[method]
    if (known === undefined) throw invalid(`unknown method: ${method}`)
    const missing = (known.required ?? []).find((name) => params[name] === undefined)
    if (missing !== undefined)
      throw invalid(`invalid ${method} params: must have required property '${missing}'`)
    const extra = Object.keys(params).find((name) => known.params !== 'any' && !known.params.includes(name))
    if (extra !== undefined)
      throw invalid(`invalid ${method} params: at root: unexpected property '${extra}'`)
    return known.run(params, call)
  }

  /** The process ends: runs and keys are lost, histories are kept. */
  stop(): void {
    this.#keys.clear()
    for (const session of this.sessions.values()) session.stop()
  }

  revive(): void {
    for (const session of this.sessions.values()) session.revive()
  }

  #session(key: string): MockSession {
    const full = fullKey(key)
    const session =
      this.sessions.get(full) ??
      new MockSession(full, 'fake/fake-1', this.#options.tell, this.#options.answer)
    this.sessions.set(full, session)
    return session
  }

  #known(key: unknown): MockSession {
    const full = fullKey(textOf(key))
    const session = this.sessions.get(full)
    if (session === undefined) throw invalid(`session not found: ${full}`)
    return session
  }

  /** A message with a key: the same key never begins a second run, and after a restart the history knows it. */
  #send(session: MockSession, message: string, key: string): Fields {
    const before = this.#keys.get(key)
    if (before !== undefined)
      return { runId: key, status: session.row['hasActiveRun'] === true ? 'in_flight' : 'ok' }
    this.#keys.set(key, session.key)
    const after = session.rolesAfter(key)
    if (after?.includes('assistant') === true) {
      this.#options.tell('read', 'chat', { runId: key, sessionKey: session.key, seq: 1, state: 'final' })
      return { runId: key, status: 'started' }
    }
    // The gateway does not go back to a message that another one follows.
    if (after?.includes('user') === true) {
      session.refuse(key, 'Session transcript keyed user is outside the current turn')
      return { runId: key, status: 'started' }
    }
    this.sends.push({ key, sessionKey: session.key, message })
    // The answer comes first, as it does from the real gateway.
    setImmediate(() => session.send(message, key))
    return { runId: key, status: 'started' }
  }

  #sessionMethods(): Record<string, Method> {
    return {
      'sessions.list': { scope: 'read', params: LIST, run: (params) => this.#list(params) },
      'sessions.describe': {
        scope: 'read',
        params: ['key', 'agentId'],
        required: ['key'],
        run: ({ key }) => ({ session: this.sessions.get(fullKey(textOf(key)))?.row ?? null }),
      },
      'sessions.create': {
        scope: 'write',
        params: CREATE,
        run: (params, call) => this.#create(params, call),
      },
      'sessions.send': {
        scope: 'write',
        params: ['key', 'message', ...MESSAGE],
        required: ['key', 'message'],
        run: ({ key, message, idempotencyKey }) => {
          const session =
            fullKey(textOf(key)) === 'agent:main:main' ? this.#session('main') : this.#known(key)
          return this.#send(session, textOf(message), textOf(idempotencyKey) || randomUUID())
        },
      },
      'sessions.abort': {
        scope: 'write',
        params: ['key', 'runId', 'clearQueued'],
        run: ({ key, runId }) => {
          if (key === undefined && runId === undefined) throw invalid('key required')
          const stopped = this.#known(key).abort()
          const status = stopped === undefined ? 'no-active-run' : 'aborted'
          return { ok: true, abortedRunId: stopped ?? null, status }
        },
      },
      'sessions.delete': {
        scope: 'admin',
        params: ['key', 'deleteTranscript'],
        required: ['key'],
        run: ({ key }) => ({ ok: true, key, deleted: this.sessions.delete(fullKey(textOf(key))) }),
      },
      'sessions.subscribe': {
        scope: 'read',
        params: 'any',
        run: (_params, call) => {
          call.subscribe('sessions', true)
          return { subscribed: true }
        },
      },
      'sessions.messages.subscribe': { ...messages(true), scope: 'read' },
      'sessions.messages.unsubscribe': { ...messages(false), scope: 'read' },
    }
  }

  #list({ activeOnly, limit, search }: Fields): Fields {
    const all = [...this.sessions.values()].map(({ row }) => row)
    const rows = all
      .filter(({ hasActiveRun }) => activeOnly !== true || hasActiveRun === true)
      .filter(({ key }) => typeof search !== 'string' || textOf(key).includes(search))
      .slice(0, typeof limit === 'number' ? limit : 100)
    return { ts: Date.now(), count: rows.length, totalCount: all.length, hasMore: false, sessions: rows }
  }

  #create(params: Fields, call: Call): Fields {
    const { key, label, model, task, message, idempotencyKey } = params
    if (idempotencyKey !== undefined && !call.hasDevice)
      throw invalid('idempotent session creation requires an authenticated principal or device identity')
    if (typeof label === 'string' && [...this.sessions.values()].some((other) => other.label === label))
      throw invalid(`label already in use: ${label}`)
    if (typeof model === 'string' && !model.includes('/')) throw invalid(`unknown model: ${model}`)
    const session = this.#session(typeof key === 'string' ? key : `agent:main:dashboard:${randomUUID()}`)
    if (typeof label === 'string') session.label = label
    if (typeof model === 'string') session.model = model
    const { row, sessionId } = session
    const created = { ok: true, key: session.key, sessionId, entry: row }
    const first = typeof task === 'string' ? task : message
    if (typeof first !== 'string') return { ...created, runStarted: false }
    return { ...created, runStarted: true, ...this.#send(session, first, randomUUID()) }
  }

  #chatMethods(): Record<string, Method> {
    return {
      'chat.history': {
        scope: 'read',
        params: ['sessionKey', 'limit', 'offset', 'cursor', 'messageId', 'sessionId', 'maxChars', 'agentId'],
        required: ['sessionKey'],
        run: ({ sessionKey, limit }) => {
          const key = fullKey(textOf(sessionKey))
          const session = this.sessions.get(key)
          if (session === undefined) return { sessionKey: key, messages: [] }
          const { sessionId, messages: all, row, pendingInputs } = session
          const shown = typeof limit === 'number' ? all.slice(-limit) : all
          return {
            sessionKey: key,
            sessionId,
            messages: shown,
            pendingInputs,
            hasMore: shown.length < all.length,
            sessionInfo: row,
          }
        },
      },
      'chat.send': {
        scope: 'write',
        params: ['sessionKey', 'message', 'queueMode', 'deliver', ...MESSAGE],
        required: ['sessionKey', 'message', 'idempotencyKey'],
        run: ({ sessionKey, message, idempotencyKey }) =>
          this.#send(this.#session(textOf(sessionKey)), textOf(message), textOf(idempotencyKey)),
      },
      agent: {
        scope: 'write',
        params: ['message', 'idempotencyKey', 'sessionKey', 'model', 'timeout', 'deliver', 'channel', 'to'],
        required: ['message', 'idempotencyKey'],
        run: ({ sessionKey, message, idempotencyKey }, call) => {
          const session = this.#session(textOf(sessionKey) || 'main')
          const runId = textOf(idempotencyKey)
          const answered = this.#options.answer(textOf(message), new AbortController().signal)
          call.later(
            answered.then((text) => ({
              runId,
              status: 'ok',
              summary: 'completed',
              result: { payloads: [{ text, mediaUrl: null }] },
            })),
          )
          const acceptedAt = Date.now()
          return { runId, sessionKey: session.key, agentId: 'main', status: 'accepted', acceptedAt }
        },
      },
    }
  }
}

function messages(on: boolean): Omit<Method, 'scope'> {
  return {
    params: ['key', 'includeApprovals'],
    required: ['key'],
    run: ({ key }, call) => {
      const full = fullKey(textOf(key))
      call.subscribe({ messagesOf: full }, on)
      return { subscribed: on, key: full }
    },
  }
}

/** Short forms are of the agent `main`. */
function fullKey(key: string): string {
  return key.startsWith('agent:') ? key : `agent:main:${key}`
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
