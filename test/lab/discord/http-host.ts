import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2'
import { createServer } from 'node:https'
import type { Server } from 'node:tls'
import { setTimeout as delay } from 'node:timers/promises'
import { ConnectionTable } from './connections.js'
import { EventLog, type WaitOptions } from './event-log.js'
import { cannedReply, sendReply, type HttpReply } from './http-reply.js'
import {
  Interceptors,
  type CannedAnswer,
  type InterceptHandler,
  type InterceptOptions,
} from './interceptors.js'
import { matches, routeOf, type RecordedRequest, type RequestMatch } from './recorded-request.js'
import { readBody, RequestAborted, type BodyLimits, type RequestBody } from './request-body.js'

export interface HttpHostOptions {
  readonly name: string
  readonly tls: { readonly cert: string; readonly key: string }
  /** Offer HTTP/2 by ALPN beside HTTP/1.1. */
  readonly http2: boolean
  readonly limits: BodyLimits
  readonly recordLimit: number
  readonly route: (request: RecordedRequest, body: RequestBody) => HttpReply | Promise<HttpReply>
}

type HttpRequest = IncomingMessage | Http2ServerRequest
type HttpResponse = ServerResponse | Http2ServerResponse
type MutableRequest = { -readonly [Field in keyof RecordedRequest]: RecordedRequest[Field] }

const NO_BODY: RequestBody = {
  rawBody: undefined,
  bodySize: 0,
  json: undefined,
  fields: {},
  files: [],
  problem: undefined,
}

/** One HTTPS server: it records what arrives, lets a test answer first, and asks its routes otherwise. */
export class HttpHost {
  readonly connections: ConnectionTable
  readonly #options: HttpHostOptions
  readonly #server: Server
  readonly #http2Sessions = new Set<ServerHttp2Session>()
  readonly #onHttp2Session: ((session: ServerHttp2Session) => void)[] = []
  readonly #log: EventLog<RecordedRequest>
  readonly #interceptors = new Interceptors()
  readonly #closing = new AbortController()

  constructor(options: HttpHostOptions) {
    this.#options = options
    this.#log = new EventLog(
      `a request to ${options.name}`,
      ({ method, path, status, complete }) =>
        `${method} ${path} ${complete ? (status ?? 'open') : 'incomplete'}`,
      options.recordLimit,
    )
    const onRequest = (request: HttpRequest, response: HttpResponse): void => {
      response.on('error', () => undefined)
      void this.#handle(request, response)
    }
    // Node's HTTP/2 server offers h2 whatever its ALPNProtocols say.
    this.#server = options.http2
      ? createSecureServer({ ...options.tls, allowHTTP1: true })
          .on('request', onRequest)
          .on('session', (session) => this.#addHttp2Session(session))
          .on('sessionError', () => undefined)
      : createServer({ ...options.tls, ALPNProtocols: ['http/1.1'] }, onRequest)
    this.connections = new ConnectionTable(options.name, this.#server)
  }

  get requests(): readonly RecordedRequest[] {
    return this.#log.entries
  }

  /** Requests that arrived, those no longer recorded included. */
  get requestCount(): number {
    return this.#log.total
  }

  /** HTTP/2 sessions that are open. */
  get http2Sessions(): readonly ServerHttp2Session[] {
    return [...this.#http2Sessions]
  }

  /** Called with every HTTP/2 session from now on, before its first request. */
  onHttp2Session(listener: (session: ServerHttp2Session) => void): void {
    this.#onHttp2Session.push(listener)
  }

  /** The next or an earlier request that matches and whose body has arrived. */
  waitForRequest(match: RequestMatch, options?: WaitOptions): Promise<RecordedRequest> {
    return this.#log.waitFor((request) => request.complete && matches(match, request), options)
  }

  /** Forget the recorded requests. */
  clearRequests(): void {
    this.#log.clear()
  }

  /** Ask `handler` before the route. Returns what takes it away again. */
  intercept(match: RequestMatch, handler: InterceptHandler, options?: InterceptOptions): () => void {
    return this.#interceptors.add(match, handler, options)
  }

  /** Answer the next request that matches with this. */
  respondOnce(match: RequestMatch, answer: CannedAnswer, options?: InterceptOptions): () => void {
    return this.intercept(match, () => answer, { times: 1, ...options })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
    return address.port
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#interceptors.clear()
    this.#log.close()
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.connections.destroyAll()
    await closed
  }

  #addHttp2Session(session: ServerHttp2Session): void {
    this.#http2Sessions.add(session)
    session.once('close', () => this.#http2Sessions.delete(session))
    for (const listener of this.#onHttp2Session) listener(session)
  }

  async #handle(request: HttpRequest, response: HttpResponse): Promise<void> {
    const record = this.#record(request)
    response.once('close', () => {
      if (!response.writableEnded) record.aborted = true
    })
    try {
      const early = await this.#interceptors.answer(record, 'headers')
      if (early) {
        request.resume()
        await this.#send(request, response, record, early, undefined)
        return
      }
      const body = await readBody(request, request.headers, this.#options.limits)
      const { rawBody, bodySize, json, fields, files } = body
      Object.assign(record, { rawBody, bodySize, json, fields, files, complete: true })
      this.#log.changed()
      const canned = await this.#interceptors.answer(record, 'body')
      const reply = canned && canned.apply !== true ? undefined : await this.#options.route(record, body)
      await this.#send(request, response, record, canned ?? {}, reply)
    } catch (error) {
      if (error instanceof RequestAborted || this.#closing.signal.aborted) return
      // A defect of the fake or of a test's handler: loud, so that nobody looks for it in the client.
      const text = `the fake Discord failed: ${error instanceof Error ? String(error.stack) : String(error)}`
      if (!response.headersSent) response.writeHead(500, { 'content-type': 'text/plain' })
      response.end(text)
    }
  }

  async #send(
    request: HttpRequest,
    response: HttpResponse,
    record: MutableRequest,
    canned: CannedAnswer,
    base: HttpReply | undefined,
  ): Promise<void> {
    const { signal } = this.#closing
    if (canned.delayMs !== undefined) await delay(canned.delayMs, undefined, { signal })
    if (canned.stall === true || record.aborted) return
    const reply = cannedReply(canned, base)
    record.status = reply.status
    const connection = this.connections.find(request.socket.remotePort)
    await sendReply(response, reply, canned, {
      head: record.method === 'HEAD',
      signal,
      destroy: (reset) => connection?.destroy(reset),
    })
  }

  #record({ method = '', url = '', httpVersion, headers, socket }: HttpRequest): MutableRequest {
    const target = new URL(url, 'https://unused')
    const connection = this.connections.find(socket.remotePort)
    if (connection) connection.requests += 1
    const record: MutableRequest = {
      ...NO_BODY,
      method,
      path: target.pathname,
      route: routeOf(target.pathname),
      query: target.searchParams,
      host: [headers[':authority'] ?? headers.host ?? ''].flat().join(),
      httpVersion,
      headers,
      at: Date.now(),
      connectionId: connection?.id ?? 0,
      numberOnConnection: connection?.requests ?? 0,
      complete: false,
      aborted: false,
      status: undefined,
    }
    this.#log.add(record)
    return record
  }
}
