import { TransportError } from '../../errors.js'

/** Why nobody knows whether a request was carried out: a lost exchange, or an answer such as 502. */
export type Doubt = TransportError | { readonly status: number; readonly target: string }

const HINT = 'The request may have been carried out: check before repeating it.'

/**
 * What a caller gets who must not repeat the request blindly.
 *
 * No system code stands in the message: @discordjs/rest repeats whatever has ECONNRESET in it, and the
 * repetition would be a second message. It is on `cause`.
 *
 * @param last the failure that ended the last attempt, where that is another one
 */
export function inDoubt(doubt: Doubt, last: unknown): TransportError {
  const named = last instanceof TransportError ? last : undefined
  const closed = named?.code === 'ERR_TRANSPORT_CLOSED'
  const late = doubt === last && named?.code === 'ERR_TARGET_TIMEOUT'
  return new TransportError(
    closed ? named.message : `${describe(doubt)}; the request may have been carried out`,
    {
      code: closed || late ? named.code : 'ERR_CONNECTION_LOST',
      phase: 'exchange',
      proxy: named?.proxy ?? null,
      target: named?.target ?? doubt.target,
      hint: HINT,
      retryable: false,
      sent: 'maybe',
      cause: doubt === last ? (named?.cause ?? last) : last,
    },
  )
}

function describe(doubt: Doubt): string {
  if (!(doubt instanceof TransportError))
    return `${doubt.target} answered ${doubt.status}, and the repetition failed`
  const target = doubt.target ?? 'the destination'
  if (doubt.code === 'ERR_TARGET_TIMEOUT') return `${target} did not answer in time`
  return `The connection to ${target}${doubt.proxy === null ? '' : ` through ${doubt.proxy}`} was lost before the answer was complete`
}
