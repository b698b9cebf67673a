import type { Fields } from '../client/wire/frames.js'

/** A method: its scope, its parameters, and what it does. */
export interface Method {
  readonly scope: 'read' | 'write' | 'admin' | 'none'
  /** Every other parameter is refused: the schemas of the gateway are closed. */
  readonly params: readonly string[] | 'any'
  readonly required?: readonly string[]
  readonly run: (params: Fields, call: Call) => unknown
}

/** What a method may ask of the connection that calls it. */
export interface Call {
  readonly hasDevice: boolean
  subscribe(what: 'sessions' | { readonly messagesOf: string }, on: boolean): void
  /** A second answer with the same id. */
  later(payload: Promise<unknown>): void
}
