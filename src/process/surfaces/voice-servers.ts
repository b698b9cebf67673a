import type { Duplex } from 'node:stream'

/** Discord names its voice servers below this domain. */
const VOICE_DOMAIN = '.discord.media'

/** READY is among the first messages of a voice connection: after this many bytes nothing is looked for any more. */
const MAX_WATCHED_BYTES = 262_144

/** READY is far shorter, and may come in two chunks. */
const MAX_KEPT_CHARACTERS = 8_192

/**
 * The addresses to which the voice servers of Discord have asked for UDP. A voice server says its address in READY, over
 * the WebSocket to it: https://discord.com/developers/docs/topics/voice-connections#establishing-a-voice-websocket-connection
 */
export class VoiceServers {
  readonly #addresses = new Set<string>()

  static isVoiceHost(host: string): boolean {
    return host.toLowerCase().endsWith(VOICE_DOMAIN)
  }

  add(address: string, port: number): void {
    this.#addresses.add(`${address} ${port}`)
  }

  has(address: string, port: number): boolean {
    return this.#addresses.has(`${address} ${port}`)
  }

  /** Looks for READY in what arrives on a socket to a voice server. A server masks no frame, so its JSON is readable. */
  watch(socket: Duplex): void {
    const push = socket.push.bind(socket)
    let watched = 0
    let text = ''
    const stop = (): void => void Reflect.deleteProperty(socket, 'push')
    const look = (chunk: Uint8Array): void => {
      watched += chunk.byteLength
      text = (text + Buffer.from(chunk).toString('latin1')).slice(-MAX_KEPT_CHARACTERS)
      const address = /"ip"\s*:\s*"([^"]+)"/.exec(text)?.[1]
      const port = /"port"\s*:\s*(\d+)/.exec(text)?.[1]
      if (address !== undefined && port !== undefined && text.includes('"ssrc"')) {
        this.add(address, Number(port))
        stop()
      } else if (watched > MAX_WATCHED_BYTES) stop()
    }
    socket.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
      if (chunk instanceof Uint8Array) look(chunk)
      return push(chunk, encoding)
    }
  }
}
