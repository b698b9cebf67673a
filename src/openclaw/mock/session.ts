import { randomUUID } from 'node:crypto'
import { toError } from '../../errors.js'
import type { Fields } from '../client/wire/frames.js'

/** Who gets an event. */
export type Audience = 'read' | 'sessions' | { readonly messagesOf: string }

export type Tell = (audience: Audience, event: string, payload: Fields) => void

/** What a model answers. @throws Error whose message becomes that of the run */
export type Answer = (message: string, signal: AbortSignal) => Promise<string>

interface Queued {
  readonly runId: string
  readonly message: string
  readonly key: string
}

/** The models of this provider have no price. */
const UNPRICED = 'unpriced/'

/** One session: its messages, and one run at a time. */
export class MockSession {
  readonly key: string
  readonly sessionId = randomUUID()
  readonly createdAt = Date.now()
  readonly messages: Fields[] = []
  label: string | undefined
  model: string
  updatedAt = Date.now()
  readonly #tell: Tell
  readonly #answer: Answer
  readonly #queue: Queued[] = []
  #running: { readonly runId: string; readonly stop: AbortController } | undefined
  #stopped = false

  constructor(key: string, model: string, tell: Tell, answer: Answer) {
    this.key = key
    this.model = model
    this.#tell = tell
    this.#answer = answer
  }

  get row(): Fields {
    const { key, sessionId, label, model, createdAt, updatedAt } = this
    const isMain = key === 'agent:main:main'
    return {
      key,
      sessionId,
      kind: 'direct',
      classification: isMain ? 'main' : 'direct',
      isMain,
      agentId: 'main',
      label,
      displayName: label ?? key,
      status: this.#running === undefined ? 'done' : 'running',
      hasActiveRun: this.#running !== undefined,
      activeRunIds: this.#running === undefined ? [] : [this.#running.runId],
      createdAt,
      updatedAt,
      lastInteractionAt: updatedAt,
      archived: false,
      model,
      estimatedCostUsd: this.messages.length * 0.001,
      totalTokens: this.messages.length * 15,
    }
  }

  get pendingInputs(): Fields {
    const items = this.#queue.map(({ key, message }) => ({
      id: key,
      state: 'queued',
      message: { role: 'user', content: message, idempotencyKey: `${key}:user` },
    }))
    return { items, total: items.length }
  }

  /** The roles of what follows the message of this key; undefined where that is not there. */
  rolesAfter(key: string): readonly unknown[] | undefined {
    const at = this.messages.findIndex((message) => message['idempotencyKey'] === `${key}:user`)
    return at === -1 ? undefined : this.messages.slice(at + 1).map(({ role }) => role)
  }

  /** The run of a message fails before it begins. */
  refuse(key: string, errorMessage: string): void {
    this.#chat(key, 1, { state: 'error', errorMessage, errorKind: 'unknown' })
  }

  /** A message; into a busy session it is queued, and its own run ends at once. */
  send(message: string, key: string): void {
    if (this.#stopped) return
    this.#changed('send')
    if (this.#running === undefined) {
      void this.#run({ runId: key, message, key })
      return
    }
    this.#queue.push({ runId: randomUUID(), message, key })
    this.#chat(key, 1, { state: 'final' })
  }

  /** @returns the run that was stopped */
  abort(): string | undefined {
    const runId = this.#running?.runId
    this.#running?.stop.abort(new Error('Reply operation aborted by user'))
    return runId
  }

  /** Its process ends: what was under way is lost, what was said is kept. */
  stop(): void {
    this.#stopped = true
    this.#queue.length = 0
    this.#running?.stop.abort(new Error('the gateway has ended'))
    this.#running = undefined
  }

  /** A new process has it. */
  revive(): void {
    this.#stopped = false
    this.#running = undefined
  }

  async #run({ runId, message, key }: Queued): Promise<void> {
    const stop = new AbortController()
    this.#running = { runId, stop }
    if (this.rolesAfter(key) === undefined)
      this.#add({ role: 'user', content: message, idempotencyKey: `${key}:user` }, {})
    this.#changed('agent.run.started', runId)
    this.#chat(runId, 1, { state: 'status', phase: 'starting_model' })
    this.#agent(runId, 2, 'lifecycle', { phase: 'start', startedAt: Date.now() })
    let end: Fields
    try {
      const text = await this.#answer(message, stop.signal)
      if (this.#stopped) return
      const answer = { role: 'assistant', content: [{ type: 'text', text }], timestamp: Date.now() }
      this.#agent(runId, 3, 'assistant', { text, delta: text })
      this.#chat(runId, 3, { state: 'delta', deltaText: text, message: answer })
      const usage = {
        input: 10,
        output: 5,
        totalTokens: 15,
        cost: { total: this.model.startsWith(UNPRICED) ? 0 : 0.001 },
      }
      this.#add({ ...answer, model: this.model, usage, stopReason: 'stop' }, { runId })
      end = { state: 'final', stopReason: 'stop', message: answer }
    } catch (error) {
      if (this.#stopped) return
      const { message: text } = toError(error)
      if (stop.signal.aborted) this.#chat(runId, 4, { state: 'final' })
      end = stop.signal.aborted
        ? { state: 'aborted', stopReason: 'aborted' }
        : { state: 'error', errorMessage: text, errorKind: 'unknown' }
    }
    this.#running = undefined
    this.#agent(runId, 5, 'lifecycle', { phase: 'end', endedAt: Date.now() })
    this.#chat(runId, 6, end)
    this.#changed('agent.input.settled', runId)
    const next = this.#queue.shift()
    if (next !== undefined) void this.#run(next)
  }

  #add(message: Fields, meta: Fields): void {
    this.updatedAt = Date.now()
    const entry = {
      timestamp: this.updatedAt,
      ...message,
      __openclaw: { id: randomUUID(), seq: this.messages.length + 1, ...meta },
    }
    this.messages.push(entry)
    this.#tell({ messagesOf: this.key }, 'session.message', {
      sessionKey: this.key,
      agentId: 'main',
      message: entry,
      messageSeq: this.messages.length,
      session: this.row,
    })
  }

  #chat(runId: string, seq: number, fields: Fields): void {
    this.#tell('read', 'chat', { runId, sessionKey: this.key, agentId: 'main', seq, ...fields })
  }

  #agent(runId: string, seq: number, stream: string, data: Fields): void {
    const ts = Date.now()
    this.#tell('read', 'agent', { runId, sessionKey: this.key, agentId: 'main', stream, data, seq, ts })
  }

  #changed(reason: string, runId?: string): void {
    const session = this.row
    const ts = Date.now()
    this.#tell('sessions', 'sessions.changed', { sessionKey: this.key, reason, ts, session, runId })
  }
}
