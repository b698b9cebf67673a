import { channel } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { withMadeSockets } from '../../src/tunnel/made-sockets.js'
import { isOwnConnection } from '../../src/tunnel/own-connections.js'

let port: number

function connectHere(): Socket {
  const socket = connect({ host: '127.0.0.1', port })
  onTestFinished(async () => {
    if (socket.closed) return
    socket.destroy()
    await once(socket, 'close')
  })
  return socket
}

beforeEach(async () => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port
  onTestFinished(() => void server.close())
})

describe('withMadeSockets', () => {
  test('gives the sockets of its own call, and of no other connection of the same turn', () => {
    connectHere()
    const first = withMadeSockets(connectHere)
    connectHere()
    const second = withMadeSockets(() => [connectHere(), connectHere()])
    connectHere()
    expect(first.sockets).toEqual([first.result])
    expect(second.sockets).toEqual(second.result)
  })

  test('marks the connections as our own', () => {
    expect(withMadeSockets(isOwnConnection).result).toBe(true)
    expect(isOwnConnection()).toBe(false)
  })

  test('notes nothing after an error', () => {
    const fail = (): never => {
      throw new Error('cannot connect')
    }
    expect(() => withMadeSockets(fail)).toThrow('cannot connect')
    connectHere()
    const next = withMadeSockets(() => undefined)
    expect(next.sockets).toEqual([])
    expect(isOwnConnection()).toBe(false)
  })

  test('watches the connections of the process for one turn', async () => {
    const made = channel('net.client.socket')
    withMadeSockets(() => undefined)
    withMadeSockets(() => undefined)
    expect(made.hasSubscribers).toBe(true)
    await nextTurn()
    expect(made.hasSubscribers).toBe(false)
    expect(withMadeSockets(connectHere).sockets).toHaveLength(1)
  })
})
