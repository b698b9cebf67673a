import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import { TransportError } from '../../errors.js'
import { Heartbeat } from '../../reconnect/heartbeat.js'
import { brokenConnection, LiveSocket, type SocketEnd } from '../../websocket/live-socket.js'
import { OpenClawError } from './openclaw-error.js'
import { fingerprintProblem } from './route/fingerprint.js'
import { withGatewayHint } from './route/gateway-hint.js'
import {
  readFrame,
  requestFrame,
  textOf,
  numberOf,
  type EventFrame,
  type ResponseFrame,
} from './wire/frames.js'
import { handshakeProblem, connectParams, type HandshakeSettings } from './wire/handshake.js'
import { readHello, type HelloOk } from './wire/hello.js'
import { closedByGateway, refusal } from './wire/refusal.js'

export interface ConnectionSettings {
  readonly socket: WebSocket
  /** `host:port`, and the proxy on the way, for the text of an error. */
  readonly via: { readonly proxy: string | null; readonly target: string }
  readonly handshake: HandshakeSettings
  /** Milliseconds from the open WebSocket to hello-ok. */
  readonly handshakeTimeoutMs: number
  readonly fingerprint: string | undefined
  /** Whether the URL is wss:. */
  readonly secure: boolean
  readonly random: () => number
}

/** What a connection reports to its client. */
export interface ConnectionOwner {
  /** The WebSocket is open. */
  opened(): void
  hello(hello: HelloOk): void
  event(event: EventFrame): void
  response(response: ResponseFrame): void
  /** Called once, when the socket is closed. @param error null where the client itself left */
  ended(error: Error | null): void
}

/** This side leaves a connection that is silent: RFC 6455 §7.4.2 leaves 4000 to applications, and OpenClaw uses it so. */
const SILENT = 4000
const NORMAL = 1000
/** A refused handshake is followed by a close frame. Its wait is bounded. */
const REFUSED_MS = 1_000

/** One WebSocket to a gateway: handshake, frames, the watch over its peer, and how it ended. */
export class Connection {
  readonly #settings: ConnectionSettings
  readonly #owner: ConnectionOwner
  readonly #socket: LiveSocket
  #handshakeId: string | undefined
  #heartbeat: Heartbeat | undefined
  #ready = false
  /** Why this connection is over; from then on nothing that arrives counts. Null: the client itself left. */
  #over: Error | null | undefined

  constructor(settings: ConnectionSettings, owner: ConnectionOwner) {
    const { socket, via, handshakeTimeoutMs } = settings
    this.#settings = settings
    this.#owner = owner
    socket.on('upgrade', (response) => {
      const { fingerprint } = settings
      const problem = fingerprint && fingerprintProblem(response.socket, fingerprint, via.target)
      if (problem) this.#leave(problem)
    })
    this.#socket = new LiveSocket(socket, via, {
      opened: () => {
        if (this.#over !== undefined) return
        this.#socket.expect(handshakeTimeoutMs, () =>
          this.#leave(handshakeTimeout(handshakeTimeoutMs, via.target)),
        )
        owner.opened()
      },
      message: (data) => this.#message(data),
      pong: () => {
        this.#heartbeat?.pong()
        this.#heartbeat?.acknowledged()
      },
      ended: (end) => {
        this.#heartbeat?.stop()
        owner.ended(this.#over === undefined ? this.#endOf(end) : this.#over)
      },
    })
  }

  /** @param flushed called when the kernel has taken it, or with the error */
  send(text: string, flushed: (error?: Error) => void): void {
    this.#socket.send(text, flushed)
  }

  /** Sends a close frame and waits a moment for the answer. */
  close(): void {
    if (this.#over === null) return
    this.#over = null
    this.#heartbeat?.stop()
    this.#socket.close(NORMAL)
  }

  #leave(error: Error): void {
    if (this.#over !== undefined) return
    this.#over = error
    this.#heartbeat?.stop()
    this.#socket.drop(SILENT)
  }

  #message(data: Buffer): void {
    if (this.#over !== undefined) return
    let frame: ReturnType<typeof readFrame>
    try {
      frame = readFrame(data.toString())
    } catch {
      this.#leave(unreadable(this.#settings.via.target))
      return
    }
    if (frame === undefined) return
    if (frame.type === 'event') {
      if (frame.event === 'connect.challenge') this.#challenge(frame)
      else if (this.#ready) this.#owner.event(frame)
    } else if (frame.id === this.#handshakeId) this.#answered(frame)
    else this.#owner.response(frame)
  }

  #challenge({ payload }: EventFrame): void {
    if (this.#handshakeId !== undefined) return
    const challenge = { nonce: textOf(payload['nonce']) ?? '', ts: numberOf(payload['ts']) ?? Date.now() }
    this.#handshakeId = randomUUID()
    const frame = requestFrame(
      this.#handshakeId,
      'connect',
      connectParams(this.#settings.handshake, challenge),
    )
    const problem = handshakeProblem(frame)
    if (problem === undefined) this.#socket.send(frame)
    else this.#leave(problem)
  }

  #answered(response: ResponseFrame): void {
    if (this.#ready) return
    if (response.error !== null) {
      this.#refused(refusal(response.error, 'connect'))
      return
    }
    const hello = readHello(response.payload)
    if (hello === undefined) {
      this.#leave(unreadable(this.#settings.via.target))
      return
    }
    this.#socket.expected()
    this.#ready = true
    this.#watch(hello)
    this.#owner.hello(hello)
  }

  /** The gateway closes after a refusal; its close frame says nothing more. */
  #refused(error: OpenClawError): void {
    this.#over = error
    this.#socket.expect(REFUSED_MS, () => this.#socket.drop(NORMAL))
  }

  /**
   * Twice the interval of the ticks without a byte is a dead peer. Pings on the way there find out sooner: the gateway
   * answers them while it is alive.
   */
  #watch({ policy }: HelloOk): void {
    const ping = (): void => this.#socket.ping()
    this.#heartbeat = new Heartbeat(2 * policy.tickIntervalMs, this.#settings.random, {
      beat: ping,
      ping,
      received: () => this.#socket.bytesRead,
      receiving: () => this.#socket.receiving,
      dead: () => this.#leave(brokenConnection('went silent', this.#settings.via)),
    })
  }

  #endOf(end: SocketEnd): Error {
    switch (end.kind) {
      case 'close-frame':
        return closedByGateway(end.code, end.reason)
      case 'unreadable':
        return unreadable(this.#settings.via.target)
      case 'lost':
        return brokenConnection('was closed without a close frame', this.#settings.via)
      case 'failed':
        return this.#failure(end.error, end.opened)
    }
  }

  #failure(error: Error, opened: boolean): Error {
    const { via, secure, fingerprint } = this.#settings
    if (!(error instanceof TransportError)) return brokenConnection('failed', via, error)
    return opened ? error : withGatewayHint(error, { secure, pinned: fingerprint !== undefined })
  }
}

function handshakeTimeout(ms: number, target: string): OpenClawError {
  return new OpenClawError(`${target} did not finish the handshake of an OpenClaw gateway within ${ms} ms`, {
    code: 'ERR_OPENCLAW_TIMEOUT',
    hint: 'Check that an OpenClaw gateway listens there: openclaw gateway status. A busy one needs more time.',
    retryable: true,
    method: 'connect',
  })
}

function unreadable(target: string): OpenClawError {
  return new OpenClawError(`${target} sent what is no frame of an OpenClaw gateway`, {
    code: 'ERR_OPENCLAW_PROTOCOL',
    hint: 'Check the URL: another program may listen there, or a proxy changes what passes.',
  })
}
