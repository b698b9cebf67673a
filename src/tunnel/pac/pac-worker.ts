import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import type { PacEndpoint, TlsSettings } from '../../config/index.js'
import { asOwnConnection } from '../own-connections.js'
import { trustedRoots } from '../tls.js'
import { WORKER_PROGRAM } from './worker-program.js'

/** PAC scripts of large networks have some hundred kilobytes. */
const MAX_SCRIPT_BYTES = 4 * 1024 * 1024

/** What went wrong: on the way to the script, in the script, or in a call of it. */
export type PacFailure =
  'interpreter' | 'download' | 'size' | 'unusable' | 'script' | 'slow-download' | 'slow-script' | 'ended'

/** A failure of the worker, for {@link PacScript} to name. Its message holds no URL. */
export class PacWorkerError extends Error {
  constructor(
    readonly failure: PacFailure,
    message: string,
    /** The code of a system or TLS error of the download. */
    readonly code?: string,
  ) {
    super(message)
  }
}

/** What the worker says of an error; errors themselves lose their fields between threads. */
interface ToldError {
  readonly message: string
  readonly code?: unknown
  readonly syscall?: unknown
  readonly statusCode?: unknown
}

type Message =
  | { readonly stage: 'downloaded' | 'ready' | 'size' }
  | { readonly stage: 'interpreter' | 'download' | 'script'; readonly error: ToldError }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: ToldError }

/** The number of the call that loads the script. */
const LOADING = 0

interface Call {
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: PacWorkerError) => void
}

/**
 * One PAC script in a thread of its own: a script that never returns can be ended there, and blocks nothing else. The
 * thread does not keep the process alive.
 */
export class PacWorker {
  readonly #worker: Worker
  readonly #calls = new Map<number, Call>()
  #nextId = LOADING + 1
  #stage: 'download' | 'script' | 'ready' = 'download'
  #ended = false
  #retired = false

  private constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (message: Message) => this.#onMessage(message))
    worker.on('error', (error: Error) => this.#end(new PacWorkerError('script', error.message)))
    worker.on('exit', () => this.#end(new PacWorkerError('script', 'its thread ended by itself')))
    // Last: a listener for messages takes it back.
    worker.unref()
  }

  /**
   * Downloads and compiles a script.
   *
   * @throws PacWorkerError; the thread has ended then
   */
  static async load(
    endpoint: PacEndpoint,
    tls: TlsSettings,
    timeoutMs: number,
    closed: AbortSignal,
  ): Promise<PacWorker> {
    const script = new PacWorker(startThread(endpoint, tls))
    const onClosed = (): void => script.end()
    closed.addEventListener('abort', onClosed, { once: true })
    script.#worker.once('exit', () => closed.removeEventListener('abort', onClosed))
    await script.#answer(LOADING, timeoutMs)
    return script
  }

  /** What `FindProxyForURL` returns. A call that is not answered in time ends the thread. */
  async find(url: string, timeoutMs: number): Promise<unknown> {
    if (this.#ended) throw new PacWorkerError('ended', 'its thread ended')
    const id = this.#nextId++
    this.#worker.postMessage({ id, url })
    return this.#answer(id, timeoutMs)
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Ends the thread as soon as no call is under way. */
  retire(): void {
    this.#retired = true
    if (this.#calls.size === 0) this.end()
  }

  /** Ends the thread now; calls under way fail. */
  end(): void {
    this.#end(new PacWorkerError('ended', 'its thread ended'))
  }

  /** Where its deadline fires, this call fails for it, and the others because the thread has to end. */
  async #answer(id: number, timeoutMs: number): Promise<unknown> {
    const answer = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }))
    const timer = setTimeout(() => {
      const failure = this.#stage === 'download' ? 'slow-download' : 'slow-script'
      this.#calls.get(id)?.reject(new PacWorkerError(failure, `no answer within ${timeoutMs} ms`))
      this.end()
    }, timeoutMs)
    try {
      return await answer
    } finally {
      clearTimeout(timer)
      this.#calls.delete(id)
      if (this.#retired) this.retire()
    }
  }

  #onMessage(message: Message): void {
    if ('id' in message) {
      const call = this.#calls.get(message.id)
      if ('error' in message) call?.reject(new PacWorkerError('script', message.error.message))
      else call?.resolve(message.answer)
      return
    }
    if ('error' in message) {
      this.#end(loadError(message.stage, message.error))
      return
    }
    if (message.stage === 'size') this.#end(new PacWorkerError('size', 'it is too large'))
    else if (message.stage === 'downloaded') this.#stage = 'script'
    else {
      this.#stage = 'ready'
      this.#calls.get(LOADING)?.resolve(undefined)
    }
  }

  #end(reason: PacWorkerError): void {
    if (this.#ended) return
    this.#ended = true
    for (const { reject } of this.#calls.values()) reject(reason)
    void this.#worker.terminate()
  }
}

function startThread({ protocol, scriptUrl }: PacEndpoint, tls: TlsSettings): Worker {
  // Without `servername`: that is the name of a proxy, and the script may lie on another host.
  const { ca, cert, key, passphrase, rejectUnauthorized } = tls
  const workerData = {
    proxyAgentUrl: proxyAgentUrl(),
    protocol,
    scriptUrl,
    tls: {
      ca: ca === undefined ? undefined : [...trustedRoots(), ...ca.map((pem) => pem.toString())],
      cert,
      key,
      passphrase,
      rejectUnauthorized,
    },
    maxBytes: MAX_SCRIPT_BYTES,
  }
  // None of the process's own: its loaders and proxy settings are not for this thread. In an installation the download
  // would wait for the script that it is to load.
  const options = { eval: true, env: {}, execArgv: [], workerData }
  return asOwnConnection(() => new Worker(WORKER_PROGRAM, options))
}

function proxyAgentUrl(): string {
  // In a bundle that is an ES module this file has no place of its own. Its packages are where the program is.
  const places = [() => import.meta.url, () => pathToFileURL(process.argv[1] ?? '').href]
  for (const place of places) {
    try {
      return pathToFileURL(createRequire(place()).resolve('proxy-agent')).href
    } catch {
      // The next place.
    }
  }
  throw new PacWorkerError('interpreter', 'the package proxy-agent is not installed beside this file')
}

function loadError(stage: 'interpreter' | 'download' | 'script', error: ToldError): PacWorkerError {
  const code = typeof error.code === 'string' ? error.code : undefined
  if (stage === 'interpreter') return new PacWorkerError('interpreter', error.message)
  if (stage === 'script') return new PacWorkerError('unusable', error.message)
  // get-uri calls a 404 and a missing file ENOTFOUND, which is also the code of a name that DNS does not know.
  if (code === 'ENOTFOUND' && error.syscall === undefined)
    return new PacWorkerError('download', 'it does not exist at this URL (404, or no such file)')
  if (typeof error.statusCode === 'number')
    return new PacWorkerError('download', `its server answers ${error.statusCode}`)
  return new PacWorkerError('download', error.message, code)
}
