import type { Duplex } from 'node:stream'
import type { ForwardProxy } from '../tunnel/index.js'

const LINE_END = '\r\n'
const HEADER_END = '\r\n\r\n'

/**
 * Writes the next request on this socket as a forwarding proxy wants it. Node writes the whole header in the first
 * chunk of a request. It is changed there and not in the request: the caller goes on seeing its own path, and finds
 * no credentials for the proxy in a request that it logs.
 */
export function writeToForwardProxy(socket: Duplex, proxy: ForwardProxy): void {
  const write = (...values: readonly unknown[]): boolean => {
    Reflect.deleteProperty(socket, 'write')
    const [chunk, ...rest] = values
    const changed = typeof chunk === 'string' ? inAbsoluteForm(chunk, proxy) : chunk
    const original: unknown = Reflect.get(socket, 'write')
    return typeof original === 'function' && Boolean(Reflect.apply(original, socket, [changed, ...rest]))
  }
  Object.defineProperty(socket, 'write', { value: write, configurable: true, writable: true })
}

/** @param text a request's header, and perhaps the beginning of its body */
function inAbsoluteForm(text: string, proxy: ForwardProxy): string {
  const lineEnd = text.indexOf(LINE_END)
  const headerEnd = text.indexOf(HEADER_END)
  const [method = '', path = '', version = ''] = text.slice(0, lineEnd).split(' ')
  const fields = text.slice(lineEnd, headerEnd)
  const { authorization } = proxy
  const line = `${method} ${proxy.requestTarget(path)} ${version}`
  const written =
    authorization === undefined
      ? fields
      : `${fields.replace(/\r\nProxy-Authorization:[^\r]*/gi, '')}${LINE_END}Proxy-Authorization: ${authorization}`
  return `${line}${written}${text.slice(headerEnd)}`
}
