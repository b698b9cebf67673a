import dgram, { type Socket } from 'node:dgram'
import { isDiscord } from '../destination.js'
import type { HookContext } from './context.js'

interface UdpTarget {
  readonly address: string
  readonly port: number
}

/**
 * UDP to the voice servers of Discord. No proxy carries it here, so it would show the address that the proxy hides.
 *
 * A server is known by what it said in READY ({@link VoiceServers}), by its name, or by IP discovery: before any audio, a
 * client sends a packet of a form that nothing else has.
 * https://discord.com/developers/docs/topics/voice-connections#ip-discovery
 */
export function hookUdp(context: HookContext): void {
  if (context.options.udp === 'direct') return
  const { hooks } = context
  const { prototype } = dgram.Socket
  hooks.method('dgram.Socket.prototype.send', prototype, 'send', (socket, values, pass) => {
    if (!(socket instanceof dgram.Socket)) return pass()
    const target = targetOfSend(socket, values)
    if (target === undefined || !isVoice(target, values, context)) return pass()
    refuse(socket, values.at(-1), target, context)
    return undefined
  })
  hooks.method('dgram.Socket.prototype.connect', prototype, 'connect', (socket, values, pass) => {
    const target = targetOf(values[0], values[1])
    if (!(socket instanceof dgram.Socket) || target === undefined || !isVoice(target, [], context))
      return pass()
    refuse(socket, values.at(-1), target, context)
    return undefined
  })
}

function isVoice(
  { address, port }: UdpTarget,
  sent: readonly unknown[],
  { decisions, routes, voiceServers }: HookContext,
): boolean {
  if (decisions.stopped || decisions.bypassing || routes.main.policy.proxy === null) return false
  if (isDiscovery(packetOf(sent))) voiceServers.add(address, port)
  return voiceServers.has(address, port) || isDiscord(address)
}

const DISCOVERY_BYTES = 74

/** Type 1 (request), length 70, and 70 bytes: SSRC, address, port. */
function isDiscovery(packet: Uint8Array | undefined): boolean {
  if (packet?.byteLength !== DISCOVERY_BYTES) return false
  return packet[0] === 0 && packet[1] === 1 && packet[2] === 0 && packet[3] === 70
}

/**
 * What `send()` is given to send: a view, a part of one, or a list of them. A list is only joined where it is as long as IP
 * discovery, since this runs for each packet.
 */
function packetOf(values: readonly unknown[]): Uint8Array | undefined {
  const [message, offset, length] = values
  const parts = (Array.isArray(message) ? message : [message]).filter((part) => ArrayBuffer.isView(part))
  const [first] = parts
  if (first === undefined) return undefined
  if (hasOffset(values)) return bytesOf(first).subarray(Number(offset), Number(offset) + Number(length))
  const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
  return bytes === DISCOVERY_BYTES ? Buffer.concat(parts.map(bytesOf)) : undefined
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** As Node does it: to the callback, or as the event `error`, and never at once. */
function refuse(
  socket: Socket,
  callback: unknown,
  { address, port }: UdpTarget,
  { decisions }: HookContext,
): void {
  const error = decisions.unroutable('udp', { host: address, port })
  process.nextTick(() => {
    if (typeof callback === 'function') Reflect.apply(callback, socket, [error])
    else socket.emit('error', error)
  })
}

/** `send(msg[, offset, length][, port][, address][, callback])`. */
function targetOfSend(socket: Socket, values: readonly unknown[]): UdpTarget | undefined {
  const [, first, second, third, fourth] = values
  const [port, address] = hasOffset(values) ? [third, fourth] : [first, second]
  return targetOf(port, address) ?? connectedTarget(socket)
}

/** An address is no number. */
function hasOffset([, , length]: readonly unknown[]): boolean {
  return typeof length === 'number'
}

function targetOf(port: unknown, address: unknown): UdpTarget | undefined {
  const number = Number(port)
  if ((typeof port !== 'number' && typeof port !== 'string') || !Number.isInteger(number)) return undefined
  return { address: typeof address === 'string' && address !== '' ? address : '127.0.0.1', port: number }
}

function connectedTarget(socket: Socket): UdpTarget | undefined {
  try {
    return socket.remoteAddress()
  } catch {
    return undefined
  }
}
