import { TransportError } from '../../errors.js'

/** Why it is unknown whether a request was carried out: a lost connection, an answer such as 502, an abort. */
export type Doubt = TransportError | { readonly ended: string; readonly target: string }

const HINT = 'The request may have been carried out: check before repeating it.'
const HARMLESS_HINT = 'The request may have been carried out; to repeat it has no second effect.'

/**
 * The error of a call that its caller must not repeat without a look at what became of it.
 *
 * The message holds no system code: @discordjs/rest repeats every request whose error has ECONNRESET in it, and the
 * repeat could be a second message. The code is on `cause`.
 *
 * @param last the failure that ended the last attempt, where it is another one
 * @param idempotent whether a second request has no second effect
 */
export function inDoubt(doubt: Doubt, last: unknown, idempotent: boolean): TransportError {
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
      hint: idempotent ? HARMLESS_HINT : HINT,
      retryable: idempotent && !closed,
      sent: 'maybe',
      cause: doubt === last ? (named?.cause ?? last) : last,
    },
  )
}

function describe(doubt: Doubt): string {
  if (!(doubt instanceof TransportError)) return `An attempt ${doubt.ended}, and the repeat failed`
  const target = doubt.target ?? 'the destination'
  if (doubt.code === 'ERR_TARGET_TIMEOUT') return `${target} did not answer in time`
  return `The connection to ${target}${doubt.proxy === null ? '' : ` through ${doubt.proxy}`} was lost before the answer was complete`
}
