import { GatewayError, TransportError } from '../index.js'

/** The store answered, and will answer the same again. An error that has a name of ours keeps it. */
export function storeRefused(cause: Error): GatewayError | TransportError {
  if (cause instanceof GatewayError || cause instanceof TransportError) return cause
  return new GatewayError(`The store of the fleet refused: ${cause.message}`, {
    code: 'ERR_GATEWAY_STORE',
    hint: 'Look at the cause: the rights of the user, or the version of Redis, which must be 6.2 or newer.',
    cause,
  })
}

/** What the user has given cannot be used. */
export function invalidUse(text: string, hint: string): TransportError {
  return new TransportError(text, { code: 'ERR_INVALID_OPTIONS', phase: 'config', hint, retryable: false })
}

/** A fleet is for one gateway. */
export function joinedAlready(): TransportError {
  return invalidUse(
    'fleet: a gateway has joined with this fleet already',
    'Make one fleet for each gateway: redisFleet(client, { name }) can be called again with the same client.',
  )
}
