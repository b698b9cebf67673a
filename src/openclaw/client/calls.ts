import { randomUUID } from 'node:crypto'
import { toError } from '../../errors.js'
import { abortable } from '../../reconnect/abortable.js'
import { SendQueue, type Write } from '../../reconnect/send-queue.js'
import { closedClient, OpenClawError } from './openclaw-error.js'
import { fieldsOf, requestFrame, type Fields, type ResponseFrame } from './wire/frames.js'
import { refusal } from './wire/refusal.js'
import { answersSecrets, concealSecrets } from './wire/secrets.js'

/** Options of one request. */
export interface RequestOptions {
  /** Milliseconds until the request fails, the wait for a connection included. Default: `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * Goes into the parameters of the request. With a key the request is sent again if its connection ends before the
   * answer: the gateway carries out one key once.
   */
  readonly idempotencyKey?: string | undefined
  /** `agent` answers twice, when it has accepted and at the end: wait for the end. Default: false. */
  readonly expectFinal?: boolean | undefined
}

interface Call {
  readonly id: string
  readonly method: string
  readonly frame: string
  readonly bytes: number
  readonly key: string | undefined
  readonly expectFinal: boolean
  readonly resolve: (payload: unknown) => void
  readonly reject: (error: Error) => void
  readonly deadline: NodeJS.Timeout
  /** When its first byte may have gone out. */
  begunAt: number | undefined
  /** The kernel has all of it. */
  taken: boolean
  retry: NodeJS.Timeout | undefined
}

/** A gateway remembers keys for five minutes. */
const KEY_HOLDS_MS = 4 * 60_000
const MAX_WAITING = 1_000
/** Where the gateway refuses for now and does not say for how long. */
const BUSY_MS = 500

/** The requests of a client: those that wait for a connection, and those that wait for their answer. */
export class Calls {
  readonly #calls = new Map<string, Call>()
  readonly #queue = new SendQueue({ maxQueued: MAX_WAITING, windowMs: 0, full: queueFull })
  readonly #maxPayload: () => number

  /** @param maxPayload bytes of the largest frame that the gateway takes */
  constructor(maxPayload: () => number) {
    this.#maxPayload = maxPayload
  }

  /** Resolves with the payload of the answer. */
  async send(
    method: string,
    params: Fields,
    options: RequestOptions & { timeoutMs: number },
  ): Promise<unknown> {
    const { timeoutMs, signal, idempotencyKey, expectFinal = false } = options
    signal?.throwIfAborted()
    const all = idempotencyKey === undefined ? params : { ...params, idempotencyKey }
    const id = randomUUID()
    const frame = requestFrame(id, method, all)
    const { idempotencyKey: key } = all as { idempotencyKey?: unknown }
    const bytes = Buffer.byteLength(frame)
    if (bytes > this.#maxPayload()) throw tooLarge(method, bytes, this.#maxPayload())
    return abortable(signal ?? new AbortController().signal, (resolve, reject) => {
      const call: Call = {
        id,
        method,
        frame,
        bytes,
        key: typeof key === 'string' ? key : undefined,
        expectFinal,
        resolve,
        reject,
        deadline: setTimeout(() => this.#fail(call, timedOut(call, timeoutMs)), timeoutMs),
        begunAt: undefined,
        taken: false,
        retry: undefined,
      }
      this.#calls.set(id, call)
      this.#push(call, false)
      return () => this.#remove(call)
    })
  }

  attach(write: Write): void {
    this.#queue.attach(Infinity, write)
  }

  /** The connection is gone. What it may have carried out fails, unless its key lets it be sent again. */
  detach(cause: Error): void {
    this.#queue.detach()
    const again: Call[] = []
    for (const call of this.#calls.values()) {
      if (call.begunAt === undefined || call.retry !== undefined) continue
      if (!isRepeatable(call)) this.#fail(call, lost(call, cause))
      else if (call.taken) again.push(call)
    }
    // In the order in which they were sent, before those that were not.
    for (const call of again.reverse()) this.#push(call, true)
  }

  /** @param error the failure of all of them */
  fail(error: Error): void {
    for (const call of [...this.#calls.values()]) {
      const sent = call.begunAt === undefined ? 'no' : 'maybe'
      this.#fail(call, sent === 'no' ? error : lost(call, error))
    }
    this.#queue.detach()
  }

  answer({ id, error, payload }: ResponseFrame): void {
    const call = this.#calls.get(id)
    // One that was given up, or the second answer of `agent`.
    if (call === undefined) return
    if (error !== null) {
      const refused = refusal(error, call.method)
      if (refused.code === 'UNAVAILABLE' && refused.retryable && call.key !== undefined)
        this.#later(call, refused.retryAfterMs ?? BUSY_MS)
      else this.#fail(call, refused)
      return
    }
    if (call.expectFinal && fieldsOf(payload)['status'] === 'accepted') return
    this.#remove(call)
    call.resolve(answersSecrets(call.method) ? concealSecrets(payload) : payload)
  }

  /** The gateway refused it for now, so it has not run. */
  #later(call: Call, ms: number): void {
    call.begunAt = undefined
    call.retry = setTimeout(() => {
      call.retry = undefined
      this.#push(call, false)
    }, ms)
  }

  #push(call: Call, first: boolean): void {
    call.taken = false
    this.#queue.push(call.frame, { first, begin: () => this.#begin(call) }).then(
      () => (call.taken = true),
      (error: unknown) => this.#fail(call, toError(error)),
    )
  }

  /** Whether the call may be written now. */
  #begin(call: Call): boolean {
    if (!this.#calls.has(call.id)) return false
    if (call.bytes > this.#maxPayload()) {
      this.#fail(call, tooLarge(call.method, call.bytes, this.#maxPayload()))
      return false
    }
    call.begunAt ??= performance.now()
    return true
  }

  #fail(call: Call, error: Error): void {
    if (this.#remove(call)) call.reject(error)
  }

  #remove({ id, deadline, retry }: Call): boolean {
    clearTimeout(deadline)
    clearTimeout(retry)
    return this.#calls.delete(id)
  }
}

function isRepeatable({ key, begunAt }: Call): boolean {
  return key !== undefined && begunAt !== undefined && performance.now() - begunAt < KEY_HOLDS_MS
}

/** The request was on its way when its connection ended. */
function lost({ method, key }: Call, cause: Error): OpenClawError {
  const { code } = closedClient(true)
  const wanted = cause instanceof OpenClawError && cause.code === code
  return new OpenClawError(
    `${method}: the connection ended before the answer, so it may have run: ${cause.message}`,
    {
      code: wanted ? code : 'ERR_OPENCLAW_CONNECTION_LOST',
      sent: 'maybe',
      retryable: key !== undefined,
      hint:
        key === undefined
          ? 'Look at the gateway’s state before you repeat it. With an idempotencyKey the client repeats it itself.'
          : 'Repeat it with the same idempotencyKey: the gateway carries it out once.',
      method,
      cause,
    },
  )
}

function timedOut({ method, begunAt, key }: Call, timeoutMs: number): OpenClawError {
  const sent = begunAt === undefined ? 'no' : 'maybe'
  return new OpenClawError(
    sent === 'no'
      ? `${method}: no connection to the gateway within ${timeoutMs} ms, so it was not sent`
      : `${method}: no answer within ${timeoutMs} ms, and it may have run`,
    {
      code: 'ERR_OPENCLAW_TIMEOUT',
      sent,
      retryable: sent === 'no' || key !== undefined,
      hint: 'Give more timeoutMs. A gateway that restarts is away for 10 to 30 seconds.',
      method,
    },
  )
}

function tooLarge(method: string, bytes: number, most: number): OpenClawError {
  return new OpenClawError(
    `${method}: the request has ${bytes} bytes, and the gateway takes ${most}; it was not sent`,
    {
      code: 'ERR_OPENCLAW_FRAME_TOO_LARGE',
      hint: 'Send less in one request. The gateway would close the connection, and every request under way with it.',
      retryable: false,
      method,
    },
  )
}

function queueFull(): OpenClawError {
  return new OpenClawError(`${MAX_WAITING} requests wait for the gateway already; this one was not sent`, {
    code: 'ERR_OPENCLAW_QUEUE_FULL',
    hint: 'Wait for answers before you send more.',
    retryable: true,
  })
}
