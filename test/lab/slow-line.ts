import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LabAddress } from './names.js'
import { Listener } from './proxy/listener.js'

/** A slow network in front of a server. */
export interface SlowLine extends AsyncDisposable {
  readonly port: number
  close(): Promise<void>
}

const SLICE_MS = 20

/** Relays TCP. What comes from the server arrives at this rate. */
export async function startSlowLine(to: LabAddress, bytesPerSecond: number): Promise<SlowLine> {
  const upstreams = new Set<Socket>()
  const slice = Math.max(1, Math.round((bytesPerSecond * SLICE_MS) / 1_000))
  const listener = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(client) {
      const upstream = connect({ host: to.host, port: to.port, noDelay: true })
      upstreams.add(upstream)
      client.pipe(upstream)
      upstream.on('error', () => client.destroy())
      client.once('close', () => upstream.destroy())
      upstream.once('close', () => {
        upstreams.delete(upstream)
        client.destroy()
      })
      void carrySlowly(upstream, client, slice)
    },
  })
  const close = async (): Promise<void> => {
    const gone = [...upstreams].map((upstream) => new Promise((resolve) => upstream.once('close', resolve)))
    await listener.close()
    await Promise.all(gone)
  }
  return { port: listener.port, close, [Symbol.asyncDispose]: close }
}

async function carrySlowly(from: Socket, to: Socket, slice: number): Promise<void> {
  try {
    for await (const chunk of from as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length && !to.destroyed; at += slice) {
        to.write(chunk.subarray(at, at + slice))
        if (chunk.length > slice) await sleep(SLICE_MS)
      }
    }
    to.end()
  } catch {
    to.destroy()
  }
}
