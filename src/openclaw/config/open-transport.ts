import type { DiscordTransport, TransportOptions } from '../../index.js'
import { createTransport } from '../../transport.js'
import type { OpenClawReading } from './reading.js'

/** The transport of a reading, with some options changed. */
export function openTransport(reading: OpenClawReading, changes: TransportOptions = {}): DiscordTransport {
  return createTransport({ ...reading.transportOptions, ...changes }, reading.proxySource)
}
