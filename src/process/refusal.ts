import { TransportError } from '../errors.js'
import { render, text } from '../messages/index.js'

interface Refused {
  readonly target: string
  readonly proxy: string | null
  readonly cause?: unknown
}

/** The error of a connection that an installation refuses. Nothing of it was sent. */
export function refusal(
  message: 'loopback' | 'sockets' | 'socket' | 'udp' | 'policy' | 'foreign' | 'over' | 'late',
  { target, proxy, cause }: Refused,
): TransportError {
  const key = `process.refused.${message}` as const
  return new TransportError(render({ key, values: { target } }), {
    code: 'ERR_ROUTE_REFUSED',
    phase: 'config',
    proxy,
    target,
    hint: text(`${key}.hint`),
    retryable: false,
    sent: 'no',
    cause,
  })
}
