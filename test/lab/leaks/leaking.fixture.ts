import { EventEmitter, once } from 'node:events'
import { connect, createServer } from 'node:net'
import { runInThisContext } from 'node:vm'
import { test } from 'vitest'
import { expectWarning } from '../warnings.js'

test('leaves a server, a parked socket and its other half', async () => {
  const server = createServer((socket) => socket.pause())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  const client = connect(address.port, '127.0.0.1')
  await once(client, 'connect')
  client.unref()
})

test('leaves a timer', () => {
  setTimeout(() => undefined, 61_000)
})

test('leaves unref timers, which only the sources may not', () => {
  setTimeout(() => undefined, 62_000).unref()
  const armDeadline: unknown = runInThisContext('(setTimeout) => void setTimeout(() => 0, 63000).unref()', {
    filename: '/project/src/deadline.js',
  })
  if (typeof armDeadline === 'function') Reflect.apply(armDeadline, undefined, [setTimeout])
})

test('leaves a rejection unhandled', () => {
  void Promise.reject(new Error('not handled'))
})

test('lets the process warn', () => {
  const emitter = new EventEmitter()
  for (let listener = 0; listener < 11; listener++) emitter.on('event', () => undefined)
})

test('expects a warning', async () => {
  const warned = expectWarning(/^expected$/)
  process.emitWarning('expected')
  await warned
})
