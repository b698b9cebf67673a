import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'

/** A request as the origin got it. */
export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Names as they were spelled, and values, in turn. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

export interface Origin {
  /** `http://127.0.0.1:port`. */
  readonly url: string
  /** Requests whose body has arrived, in order. */
  readonly requests: readonly SeenRequest[]
  close(): Promise<void>
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void

/** A plain HTTP server that reads the whole request, records it and answers as it is told. */
export async function startOrigin(answer: Answer): Promise<Origin> {
  const requests: SeenRequest[] = []
  const server = createServer((incoming, response) => {
    void readRequest(incoming).then((request) => {
      if (request === undefined) return
      requests.push(request)
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Undefined for a request that broke off. */
async function readRequest(incoming: IncomingMessage): Promise<SeenRequest | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
  } catch {
    return undefined
  }
  const { method = '', url = '', headers, rawHeaders } = incoming
  return { method, url, headers, rawHeaders, body: Buffer.concat(chunks) }
}

export interface RawOrigin {
  readonly url: string
  close(): Promise<void>
}

/** A TCP server for what an HTTP server would not send. Called once for each head of a request. */
export async function startRawOrigin(onHead: (socket: Socket, head: string) => void): Promise<RawOrigin> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      const end = text.indexOf('\r\n\r\n')
      if (end === -1) return
      const head = text.slice(0, end)
      text = ''
      onHead(socket, head)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
