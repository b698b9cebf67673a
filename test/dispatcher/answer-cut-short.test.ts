import { expect, onTestFinished, test } from 'vitest'
import { createDiscordTransport, TransportError } from '../../src/index.js'
import { Listener } from '../lab/proxy/listener.js'
import { closeGently } from '../lab/proxy/misbehaviour.js'

/** The right answer of a proxy, up to any of its bytes. */
const ANSWERS = {
  http: Buffer.from('HTTP/1.1 200 Connection established\r\nVia: 1.1 lab\r\n\r\n'),
  socks5: Buffer.from([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
  socks4a: Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]),
}

async function failureAfter(scheme: keyof typeof ANSWERS, bytes: number): Promise<TransportError> {
  const listener = await Listener.listen({
    host: '127.0.0.1',
    port: 0,
    onConnection(socket) {
      socket.once('data', () => {
        socket.write(ANSWERS[scheme].subarray(0, bytes))
        closeGently(socket)
      })
    },
  })
  await using transport = createDiscordTransport({
    proxy: `${scheme}://127.0.0.1:${listener.port}`,
    env: {},
    delivery: false,
  })
  onTestFinished(() => listener.close())
  const error: unknown = await transport.fetch('https://discord.com/api').catch((reason: unknown) => reason)
  if (error instanceof TransportError) return error
  throw new Error(`expected a TransportError, got ${String(error)}`)
}

test.each(['http', 'socks5', 'socks4a'] as const)(
  'an answer of %s that is right as far as it goes is worth another attempt',
  async (scheme) => {
    for (let bytes = 0; bytes < ANSWERS[scheme].length; bytes += 1) {
      const { retryable, sent, message } = await failureAfter(scheme, bytes)
      expect({ bytes, message, retryable, sent }).toEqual({ bytes, message, retryable: true, sent: 'no' })
    }
  },
)
