import http from 'node:http'
import https from 'node:https'
import net from 'node:net'
import tls from 'node:tls'
import { proxyConnectionOf } from '../../tunnel/proxy-connections.js'
import type { HookContext } from './context.js'

/** The events by which a server hands out a connection: first the connection itself, then TLS over it. */
const ACCEPTED: ReadonlySet<unknown> = new Set(['connection', 'secureConnection'])

/** With the first of them all are covered, unless other code has given one of the others a method of its own. */
const SERVERS: readonly (readonly [name: string, prototype: object])[] = [
  ['net.Server.prototype.emit', net.Server.prototype],
  ['tls.Server.prototype.emit', tls.Server.prototype],
  ['http.Server.prototype.emit', http.Server.prototype],
  ['https.Server.prototype.emit', https.Server.prototype],
]

/**
 * A proxy that runs in this process. What it opens would be led to the proxy again, without end: so what it opens while it
 * handles one of our own connections goes direct. Another proxy of this process behind it opens the destination of the
 * tunnel, and that goes direct too; what any other server opens there does not.
 */
export function hookServers({ hooks, decisions }: HookContext): void {
  for (const [name, prototype] of SERVERS) {
    if (prototype !== net.Server.prototype && !Object.hasOwn(prototype, 'emit')) continue
    hooks.method(name, prototype, 'emit', (_self, [event, socket], pass) => {
      const isAccepted = ACCEPTED.has(event) && socket instanceof net.Socket
      const connection = isAccepted ? proxyConnectionOf(socket) : undefined
      if (!isAccepted || connection === undefined) return pass()
      emitIn(socket, (run) => decisions.asProxy(connection, run))
      return decisions.asProxy(connection, pass)
    })
  }
}

/** Node emits the events of an accepted socket in the context of its server, and not in that of its listeners. */
function emitIn(socket: net.Socket, context: (run: () => boolean) => boolean): void {
  const emit = socket.emit.bind(socket)
  socket.emit = (event: string | symbol, ...values: unknown[]) => context(() => emit(event, ...values))
}
