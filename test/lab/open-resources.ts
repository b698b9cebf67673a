import { createHook } from 'node:async_hooks'
import net from 'node:net'
import { basename, sep } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers'

/** Something that was opened and is still open. */
export interface OpenResource {
  readonly kind: 'socket' | 'server' | 'pipe' | 'udp socket' | 'child process' | 'timer'
  /** What tells it from others of its kind: addresses, or a timer's delay. */
  readonly description: string
  /** Where it was opened: frames outside Node and the test runner, innermost first; may be empty. */
  readonly openedAt: readonly string[]
}

/** Watches what this process opens. */
export interface OpenResourceWatch {
  /** What was opened since the watch began and is open now. */
  find(): OpenResource[]
  /** Turns the event loop until nothing is open, or for `deadlineMs`; what is open then. */
  settle(deadlineMs: number): Promise<OpenResource[]>
  stop(): void
}

interface Opened {
  readonly kind: OpenResource['kind']
  readonly resource: WeakRef<object>
  /** V8 formats its `stack` when it is read, which keeps a watch cheap. */
  readonly trace: Error
  /** The listening handle that accepted this socket. */
  readonly acceptedBy: Opened | undefined
}

/** The async_hooks types of Node's handles. */
const KINDS: Readonly<Record<string, OpenResource['kind']>> = {
  TCPWRAP: 'socket',
  TCPSERVERWRAP: 'server',
  PIPEWRAP: 'pipe',
  PIPESERVERWRAP: 'server',
  UDPWRAP: 'udp socket',
  PROCESSWRAP: 'child process',
  Timeout: 'timer',
}

const NODE = /(?:^|\()node:/
const TEST_RUNNER = /[\\/]node_modules[\\/](?:vitest|@vitest|vite|tinypool|birpc)[\\/]/
const TIMER_CALL = /(?:^|\()node:(?:timers|internal\/(?:timers|async_hooks))\b/
const SOURCES = `${sep}src${sep}`
const THIS_FILE = basename(import.meta.url)

/** Milliseconds between two looks at what is still open. */
const SETTLE_INTERVAL_MS = 2

/** The real clock, as the imported timers are the real ones, also while a test has put fakes in their places. */
const now = performance.now.bind(performance)

/**
 * `process.getActiveResourcesInfo()` and `_getActiveHandles()` leave out everything that is unref'ed, which
 * is how undici parks an idle pool and how a forgotten deadline hides, and they know no place of birth.
 * Hence async_hooks.
 */
export function watchOpenResources(): OpenResourceWatch {
  const opened = new Set<Opened>()
  const servers = new Map<number, Opened>()

  const hook = createHook({
    init(asyncId, type, triggerAsyncId, resource) {
      const kind = KINDS[type]
      if (kind === undefined) return
      const entry: Opened = {
        kind,
        resource: new WeakRef(resource),
        trace: traceHere(),
        acceptedBy: servers.get(triggerAsyncId),
      }
      opened.add(entry)
      if (kind === 'server') servers.set(asyncId, entry)
      if (opened.size % 4096 === 0) forgetClosed()
    },
  }).enable()

  // A server gets its handle a tick after the call, when the caller's frames are gone.
  const listenCalls = new WeakMap<net.Server, Error>()
  const listen = property(net.Server.prototype, 'listen')
  net.Server.prototype.listen = function (this: net.Server, ...args: unknown[]): net.Server {
    listenCalls.set(this, traceHere())
    if (typeof listen === 'function') Reflect.apply(listen, this, args)
    return this
  }

  function forgetClosed(): void {
    for (const entry of opened) {
      const resource = entry.resource.deref()
      const gone = resource === undefined || (entry.kind === 'timer' && !isOpen(entry.kind, resource))
      if (gone) opened.delete(entry)
    }
  }

  function framesOf({ kind, resource, trace, acceptedBy }: Opened): readonly string[] {
    if (acceptedBy !== undefined) return framesOf(acceptedBy)
    const handle = resource.deref()
    const owner = handle === undefined ? undefined : ownerOf(handle)
    const call = kind === 'server' && owner instanceof net.Server ? listenCalls.get(owner) : undefined
    return parseFrames(call ?? trace)
  }

  const find = (): OpenResource[] => [...opened].flatMap((entry) => openResource(entry, framesOf) ?? [])

  return {
    find,
    async settle(deadlineMs) {
      const deadline = now() + deadlineMs
      for (;;) {
        // Rejections and close events of this turn come first.
        for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
        const open = find()
        if (open.length === 0 || now() > deadline) return open
        await new Promise((resolve) => setTimeout(resolve, SETTLE_INTERVAL_MS))
      }
    },
    stop() {
      hook.disable()
      Object.assign(net.Server.prototype, { listen })
      opened.clear()
      servers.clear()
    },
  }
}

/** What is to be reported of an entry: nothing where it is closed, the test runner's, or a library's that holds nothing. */
function openResource(
  entry: Opened,
  framesOf: (entry: Opened) => readonly string[],
): OpenResource | undefined {
  const { kind } = entry
  const resource = entry.resource.deref()
  if (resource === undefined || !isOpen(kind, resource)) return undefined
  const frames = framesOf(entry)
  const openedAt = frames.filter((frame) => !NODE.test(frame) && !TEST_RUNNER.test(frame))
  const opener = frames.find((frame) => !NODE.test(frame))
  if (opener !== undefined && TEST_RUNNER.test(opener)) return undefined
  // Libraries keep timers, pipes and children that do not hold the process (undici's tick, Node's Date header,
  // esbuild's service). Those of our sources are leaks all the same, and so is every socket.
  const needsHold = kind !== 'socket' && kind !== 'server'
  if (needsHold && !isHeld(resource) && (kind !== 'timer' || !setBySources(frames))) return undefined
  const accepted = entry.acceptedBy === undefined ? '' : ' accepted by a server'
  return { kind, description: `${describe(kind, resource)}${accepted}`, openedAt }
}

function traceHere(): Error {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  const trace = new Error('opened here')
  Error.stackTraceLimit = limit
  return trace
}

function parseFrames(trace: Error): string[] {
  return (trace.stack ?? '')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((frame) => !frame.includes(THIS_FILE) && !frame.endsWith('(<anonymous>)'))
}

/** Whether our own sources called setTimeout or setInterval, and not a library or Node on their behalf. */
function setBySources(frames: readonly string[]): boolean {
  const caller = frames.find((frame) => !TIMER_CALL.test(frame))
  return caller !== undefined && caller.includes(SOURCES) && !caller.includes('node_modules')
}

function property(target: object, key: string): unknown {
  return key in target ? Reflect.get(target, key) : undefined
}

function call(target: object, method: string, ...args: unknown[]): unknown {
  const member = property(target, method)
  return typeof member === 'function' ? Reflect.apply(member, target, args) : undefined
}

/** The net.Server or net.Socket that a handle belongs to. */
function ownerOf(handle: object): unknown {
  const key = Object.getOwnPropertySymbols(handle).find(({ description }) => description === 'owner_symbol')
  return key === undefined ? undefined : Reflect.get(handle, key)
}

/** A closed handle has a negative descriptor; a process and a timer have none. */
function isOpen(kind: OpenResource['kind'], resource: object): boolean {
  if (kind === 'timer') return property(resource, '_destroyed') !== true
  if (kind === 'child process') return call(resource, 'hasRef') === true
  const descriptor = property(resource, 'fd')
  return typeof descriptor === 'number' && descriptor >= 0
}

/** Whether it keeps the process alive. */
function isHeld(resource: object): boolean {
  return call(resource, 'hasRef') === true
}

function describe(kind: OpenResource['kind'], resource: object): string {
  switch (kind) {
    case 'timer': {
      const delay = property(resource, '_idleTimeout')
      const held = isHeld(resource) ? '' : ' (unref)'
      return `${typeof delay === 'number' ? delay : '?'} ms${held}`
    }
    case 'child process':
      return `pid ${String(property(resource, 'pid'))}`
    case 'server':
    case 'udp socket':
      return `on ${addressFrom(resource, 'getsockname')}`
    case 'socket':
      return `${addressFrom(resource, 'getsockname')} -> ${addressFrom(resource, 'getpeername')}`
    case 'pipe':
      return `descriptor ${String(property(resource, 'fd'))}`
  }
}

function addressFrom(handle: object, method: 'getsockname' | 'getpeername'): string {
  const out: { address?: string; port?: number; family?: string } = {}
  call(handle, method, out)
  if (out.address === undefined || out.port === undefined) return '?'
  return out.family === 'IPv6' ? `[${out.address}]:${out.port}` : `${out.address}:${out.port}`
}
