import type { EventEmitter } from 'node:events'
import type { TransportError } from '../../errors.js'
import type { OpenClawError } from './openclaw-error.js'
import type { ChatHistory, SessionsList } from './methods.js'
import type { EventFrame, Fields } from './wire/frames.js'
import type { HelloOk } from './wire/hello.js'

/** What happens to one run. */
export interface ChatEvent {
  readonly runId: string
  readonly sessionKey: string
  readonly state: 'status' | 'delta' | 'final' | 'aborted' | 'error' | (string & {})
  /** With `delta`: what is new. With `replace` it stands for the whole text so far. */
  readonly deltaText?: string
  readonly replace?: boolean
  /** With `delta` and `final`; a `final` without it was accepted by another run. */
  readonly message?: Fields
  readonly phase?: string
  readonly stopReason?: string
  readonly errorMessage?: string
  readonly errorKind?: string
  readonly [field: string]: unknown
}

/** One event of a run: what the agent writes, calls or ends with. */
export interface AgentEvent {
  readonly runId: string
  readonly sessionKey?: string
  /** `lifecycle`, `assistant`, `tool`, `usage`, `run_status` and others. */
  readonly stream: string
  readonly data: Fields
  readonly [field: string]: unknown
}

/** What happened to a session, or all of it after events were lost. */
export type SessionEvent =
  | {
      readonly event:
        'sessions.changed' | 'session.message' | 'session.tool' | 'session.operation' | (string & {})
      readonly payload: Fields
    }
  /** Read again, because events were lost: the sessions, and the messages of those that are subscribed to. */
  | { readonly event: 'reload'; readonly payload: Reload }

/** The state after events were lost. */
export interface Reload {
  readonly cause: 'gap' | 'reconnect'
  /** Null without a subscription to `sessions`. */
  readonly sessions: SessionsList | null
  readonly histories: readonly ChatHistory[]
}

/** Events did not arrive: the gateway drops them for a reader that is too slow. */
export interface Gap {
  readonly expected: number
  readonly received: number
  /** How many. */
  readonly missed: number
}

/** The connection ended, or could not be opened. */
export interface Disconnected {
  /** Why, in words to print. */
  readonly reason: string
  /** Null after `disconnect()`. */
  readonly error: OpenClawError | TransportError | Error | null
  readonly willReconnect: boolean
  /** Milliseconds until the next attempt; 0 where there is none. */
  readonly delayMs: number
  /** Attempts in a row, with the one to come. */
  readonly attempt: number
}

/** The gateway is the same, and its process began anew: what it held in memory is gone. */
export interface Restarted {
  readonly bootId: string
  readonly previousBootId: string
  /** The version of the gateway. */
  readonly version: string
}

/** The gateway announces its end. */
export interface Shutdown {
  readonly reason?: string
  /** The least time until it is back; missing where it only stops. */
  readonly restartExpectedMs?: number
  readonly [field: string]: unknown
}

/** The events of a client, and what their listeners get. */
export interface OpenClawEvents {
  /** A WebSocket is open; the handshake follows. */
  connected: [connection: { readonly url: string }]
  /** The handshake is done: requests go out. */
  authenticated: [hello: HelloOk]
  disconnected: [disconnected: Disconnected]
  /** The client has given up, or what it does by itself failed. Without a listener nothing is thrown. */
  error: [error: Error]
  agent: [event: AgentEvent]
  chat: [event: ChatEvent]
  presence: [payload: Fields]
  tick: [payload: Fields]
  session: [event: SessionEvent]
  gap: [gap: Gap]
  shutdown: [shutdown: Shutdown]
  restarted: [restarted: Restarted]
  /** Every event of the gateway as it came, those above included. */
  event: [frame: EventFrame]
}

/** Events that `stream()` gives. */
export type StreamName = Exclude<keyof OpenClawEvents, 'error'>

/** Tells the listeners of a client. A listener that throws does not throw here. */
export type Emit = EventEmitter<OpenClawEvents>['emit']
