import type { ClientRequest } from 'node:http'
import { Socket } from 'node:net'

/**
 * Counts the timeout of a request while its connection is opened. Node counts it on the request's socket, which does not
 * exist before the tunnel is open. As Node does, it only emits `timeout`.
 *
 * @param timeoutMs the option `timeout` of the request
 * @returns to be called when the connection is open or has failed: from then on Node counts on the socket
 */
export function countTimeout(request: ClientRequest, timeoutMs = 0): () => void {
  let timer: NodeJS.Timeout | undefined
  let standIn: Socket | undefined
  let stopped = false
  const start = (ms: number): void => {
    clearTimeout(timer)
    if (!stopped && ms > 0) timer = setTimeout(() => request.emit('timeout'), ms)
  }
  start(timeoutMs)
  const nodes = request.setTimeout.bind(request)
  const ours: ClientRequest['setTimeout'] = (ms, callback) => {
    nodes(ms, callback)
    start(ms)
    return request
  }
  request.setTimeout = ours
  // follow-redirects, which axios sends by, starts a timer of its own with the event `socket`. Node's own agent emits it
  // in the next tick, with a socket that is still connecting. The caller can set more in the turn in which it made the
  // request. https://github.com/follow-redirects/follow-redirects/blob/v1.15.9/index.js#L199
  process.nextTick(() => {
    if (stopped || request.destroyed || !('_redirectable' in request)) return
    standIn = new Socket()
    request.emit('socket', standIn)
  })
  return () => {
    stopped = true
    clearTimeout(timer)
    if (request.setTimeout === ours) Reflect.deleteProperty(request, 'setTimeout')
    standIn?.destroy()
  }
}
