import { TransportError, type DiscordTransport } from '../index.js'

/**
 * The `transport` option of a class of this folder: forgotten, it would be missed only when the bot connects.
 *
 * @throws TransportError ERR_INVALID_OPTIONS
 */
export function requireTransport(value: DiscordTransport | undefined): DiscordTransport {
  if (typeof value?.createWebSocket === 'function' && typeof value.fetch === 'function') return value
  throw new TransportError('transport: must be what createDiscordTransport() returns', {
    code: 'ERR_INVALID_OPTIONS',
    phase: 'config',
    hint: 'Pass it among the options: { transport: createDiscordTransport(), … }.',
    retryable: false,
  })
}
