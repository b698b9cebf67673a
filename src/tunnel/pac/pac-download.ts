import type { ClientRequest } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { Agent, type AgentConnectOpts } from 'agent-base'

/** PAC scripts of large networks have some hundred kilobytes. */
const MAX_SCRIPT_BYTES = 4 * 1024 * 1024

/** How often the bytes of a script are counted. */
const COUNT_INTERVAL_MS = 50

export interface DownloadLimits {
  readonly timeoutMs: number
  /** The error for a deadline that fires. */
  readonly onTimeout: () => Error
  /** The error for a script beyond any size. */
  readonly onTooLarge: () => Error
}

/**
 * One bounded download of a PAC script. Its server is asked directly; however it behaves, nothing of ours stays
 * behind, and a later attempt does not wait for this one.
 */
export class PacDownload {
  /** For the client that makes the requests: it follows redirects from http to https and back. */
  readonly agent: Agent
  readonly #limits: DownloadLimits
  readonly #sockets = new Set<Socket>()

  constructor(limits: DownloadLimits) {
    this.#limits = limits
    this.agent = new DirectAgent(this.#sockets)
  }

  /** The download's result, or the reason for which it was given up; its sockets are closed then. */
  async run<T>(work: Promise<T>, closed: AbortSignal): Promise<T> {
    const { timeoutMs, onTimeout, onTooLarge } = this.#limits
    let giveUp: (reason: Error) => void = () => undefined
    const givenUp = new Promise<never>((_resolve, reject) => (giveUp = reject))
    // Nobody waits for the loser.
    work.catch(() => undefined)
    givenUp.catch(() => undefined)
    const timer = setTimeout(() => giveUp(onTimeout()), timeoutMs)
    const counter = setInterval(() => {
      if (this.#bytes > MAX_SCRIPT_BYTES) giveUp(onTooLarge())
    }, COUNT_INTERVAL_MS)
    const onClosed = (): void => giveUp(closed.reason as Error)
    closed.addEventListener('abort', onClosed)
    try {
      closed.throwIfAborted()
      return await Promise.race([work, givenUp])
    } finally {
      clearTimeout(timer)
      clearInterval(counter)
      closed.removeEventListener('abort', onClosed)
      for (const socket of this.#sockets) socket.destroy()
      this.agent.destroy()
    }
  }

  get #bytes(): number {
    return [...this.#sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0)
  }
}

class DirectAgent extends Agent {
  readonly #sockets: Set<Socket>

  constructor(sockets: Set<Socket>) {
    super({ keepAlive: false })
    this.#sockets = sockets
  }

  override connect(_request: ClientRequest, options: AgentConnectOpts): Socket {
    const socket = options.secureEndpoint ? connectTls(options) : connectTcp(options)
    this.#sockets.add(socket)
    return socket
  }
}
