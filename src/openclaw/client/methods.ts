import type { Fields } from './wire/frames.js'

/** A session, as `sessions.list` gives it. A newer gateway has more fields. */
export interface SessionRow {
  readonly key: string
  readonly kind?: string
  readonly classification?: string
  readonly isMain?: boolean
  readonly agentId?: string
  readonly label?: string
  readonly displayName?: string
  readonly sessionId?: string
  readonly status?: string
  readonly hasActiveRun?: boolean
  readonly updatedAt?: number
  readonly createdAt?: number
  readonly archived?: boolean
  readonly modelProvider?: string
  readonly model?: string
  readonly totalTokens?: number
  readonly estimatedCostUsd?: number
  readonly [field: string]: unknown
}

/** What `sessions.list` is asked for. */
export interface SessionsListParams {
  readonly limit?: number
  readonly offset?: number
  /** Sessions with a message in so many minutes. */
  readonly activeMinutes?: number
  /** Sessions that are running now (OpenClaw 2026.9.6 and newer). */
  readonly activeOnly?: boolean
  readonly sortBy?: 'updatedAt' | 'lastInteractionAt' | 'activity'
  readonly includeGlobal?: boolean
  readonly includeUnknown?: boolean
  readonly includeDerivedTitles?: boolean
  readonly includeLastMessage?: boolean
  readonly label?: string
  readonly agentId?: string
  readonly spawnedBy?: string
  readonly search?: string
  readonly archived?: boolean | 'all'
}

/** The answer to `sessions.list`. */
export interface SessionsList {
  readonly ts: number
  readonly count: number
  readonly totalCount?: number
  readonly hasMore?: boolean
  readonly nextOffset?: number | null
  readonly sessions: readonly SessionRow[]
  readonly [field: string]: unknown
}

/** What `sessions.create` is asked for. */
export interface SessionsCreateParams {
  readonly key?: string
  readonly agentId?: string
  /** Unique over all sessions. */
  readonly label?: string
  readonly displayName?: string
  /** `provider/model`. */
  readonly model?: string
  readonly thinkingLevel?: string
  /** The first message: a run begins. */
  readonly task?: string
  readonly message?: string
  readonly parentSessionKey?: string
  readonly cwd?: string
  readonly attachments?: readonly Fields[]
  /** Needs a device. */
  readonly idempotencyKey?: string
}

/** The answer to `sessions.create`. */
export interface SessionsCreated {
  readonly ok: boolean
  readonly key: string
  readonly sessionId?: string
  readonly runStarted?: boolean
  /** With `task` or `message`. */
  readonly runId?: string
  readonly status?: string
  /** Why no run began, although one was asked for. */
  readonly runError?: unknown
  readonly [field: string]: unknown
}

/** A run has started, or had been started by an earlier call of the same key. */
export interface RunStarted {
  readonly runId: string
  /** `in_flight` and `ok`: the key was sent before, and nothing ran twice. */
  readonly status: 'started' | 'in_flight' | 'ok' | (string & {})
  readonly [field: string]: unknown
}

/** A message of a history. `content` is a string or a list of blocks. */
export interface HistoryMessage {
  readonly role: string
  readonly content: string | readonly Fields[]
  readonly timestamp?: number
  readonly idempotencyKey?: string
  readonly model?: string
  readonly usage?: Fields
  readonly stopReason?: string
  readonly [field: string]: unknown
}

/** The answer to `chat.history`. */
export interface ChatHistory {
  readonly sessionKey: string
  /** Missing for a session that does not exist. */
  readonly sessionId?: string
  readonly messages: readonly HistoryMessage[]
  readonly hasMore?: boolean
  readonly [field: string]: unknown
}

/** Parameters and answers of the methods that this client knows. `request` takes every other method as well. */
export interface OpenClawMethods {
  readonly health: { params: Fields; result: Fields }
  readonly status: { params: Fields; result: Fields }
  readonly 'sessions.list': { params: SessionsListParams; result: SessionsList }
  readonly 'sessions.describe': {
    params: { readonly key: string; readonly agentId?: string }
    result: { readonly session: SessionRow | null }
  }
  readonly 'sessions.resolve': {
    params: {
      readonly key?: string
      readonly sessionId?: string
      readonly label?: string
      readonly allowMissing?: boolean
    }
    result: { readonly ok: boolean; readonly key: string; readonly agentId?: string }
  }
  readonly 'sessions.preview': {
    params: { readonly keys: readonly string[] }
    result: { readonly ts: number; readonly previews: readonly Fields[] }
  }
  readonly 'sessions.create': { params: SessionsCreateParams; result: SessionsCreated }
  readonly 'sessions.send': {
    params: {
      readonly key: string
      readonly message: string
      readonly agentId?: string
      readonly thinking?: string
      readonly attachments?: readonly Fields[]
      /** The budget of the agent. */
      readonly timeoutMs?: number
      readonly idempotencyKey?: string
    }
    result: RunStarted
  }
  readonly 'sessions.abort': {
    params: { readonly key?: string; readonly runId?: string; readonly clearQueued?: boolean }
    result: { readonly ok: boolean; readonly abortedRunId?: string | null; readonly status: string }
  }
  readonly 'sessions.patch': {
    params: { readonly key: string; readonly label?: string; readonly model?: string }
    result: Fields
  }
  readonly 'sessions.reset': { params: { readonly key: string }; result: Fields }
  readonly 'sessions.delete': {
    params: { readonly key: string; readonly deleteTranscript?: boolean }
    result: { readonly ok: boolean; readonly key: string; readonly deleted: boolean }
  }
  readonly 'sessions.subscribe': { params: Fields; result: { readonly subscribed: boolean } }
  readonly 'sessions.messages.subscribe': {
    params: { readonly key: string; readonly includeApprovals?: boolean }
    result: { readonly subscribed: boolean; readonly key: string }
  }
  readonly 'sessions.messages.unsubscribe': { params: { readonly key: string }; result: Fields }
  readonly 'chat.history': {
    params: {
      readonly sessionKey: string
      /** 1 to 1 000. */
      readonly limit?: number
      readonly offset?: number
      readonly maxChars?: number
      readonly agentId?: string
    }
    result: ChatHistory
  }
  readonly 'chat.send': {
    params: {
      readonly sessionKey: string
      readonly message: string
      readonly idempotencyKey: string
      readonly thinking?: string
      readonly queueMode?: 'steer' | 'followup' | 'collect' | 'interrupt'
      readonly deliver?: boolean
      readonly attachments?: readonly Fields[]
      readonly timeoutMs?: number
    }
    result: RunStarted
  }
  readonly 'chat.abort': {
    params: { readonly sessionKey: string; readonly runId?: string }
    result: { readonly ok: boolean; readonly aborted: boolean; readonly runIds: readonly string[] }
  }
  readonly agent: {
    params: {
      readonly message: string
      readonly idempotencyKey: string
      readonly sessionKey?: string
      readonly model?: string
      /** Seconds. */
      readonly timeout?: number
      readonly deliver?: boolean
      readonly channel?: string
      readonly to?: string
    }
    result: RunStarted
  }
  readonly 'agent.wait': {
    params: { readonly runId: string; readonly timeoutMs?: number }
    result: {
      readonly runId: string
      readonly status: 'ok' | 'timeout' | 'error'
      readonly terminalReply?: { readonly disposition: string; readonly text?: string }
      readonly [field: string]: unknown
    }
  }
  readonly 'channels.status': {
    params: { readonly probe?: boolean; readonly timeoutMs?: number }
    result: Fields
  }
  readonly send: {
    params: {
      readonly to: string
      readonly message?: string
      readonly mediaUrl?: string
      readonly channel?: string
      readonly accountId?: string
      readonly replyToId?: string
      readonly threadId?: string
      readonly silent?: boolean
      readonly idempotencyKey: string
    }
    result: Fields
  }
  readonly 'config.get': { params: Fields; result: Fields }
  readonly 'system-presence': { params: Fields; result: readonly Fields[] }
  readonly 'node.list': { params: Fields; result: { readonly ts: number; readonly nodes: readonly Fields[] } }
  readonly 'agents.list': {
    params: Fields
    result: { readonly defaultId: string; readonly mainKey: string; readonly agents: readonly Fields[] }
  }
  readonly 'models.list': { params: Fields; result: Fields }
  readonly 'logs.tail': {
    params: { readonly limit?: number; readonly cursor?: number }
    result: {
      readonly file: string
      readonly cursor: number
      readonly lines: readonly unknown[]
      readonly [field: string]: unknown
    }
  }
  readonly 'device.pair.list': {
    params: Fields
    result: { readonly pending: readonly Fields[]; readonly paired: readonly Fields[] }
  }
  readonly 'device.pair.approve': { params: { readonly requestId: string }; result: Fields }
  readonly 'device.pair.reject': { params: { readonly requestId: string }; result: Fields }
  readonly 'device.pair.remove': { params: { readonly deviceId: string }; result: Fields }
  readonly 'device.token.rotate': {
    params: { readonly deviceId: string; readonly role: string }
    result: Fields
  }
  readonly 'device.token.revoke': {
    params: { readonly deviceId: string; readonly role: string }
    result: Fields
  }
  readonly 'gateway.identity.get': {
    params: Fields
    result: { readonly deviceId: string; readonly publicKey: string }
  }
  readonly 'gateway.restart.preflight': { params: Fields; result: Fields }
  readonly 'gateway.restart.request': { params: { readonly reason?: string }; result: Fields }
}

/** The parameters of a method. An idempotency key may also stand in the options of the request. */
export type RequestParams<Method extends keyof OpenClawMethods> = OpenClawMethods[Method]['params'] extends {
  readonly idempotencyKey: string
}
  ? Omit<OpenClawMethods[Method]['params'], 'idempotencyKey'> & { readonly idempotencyKey?: string }
  : OpenClawMethods[Method]['params']
