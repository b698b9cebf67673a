import { readFileSync } from 'node:fs'
import { createServer, type TLSSocket } from 'node:tls'
import { port, report } from './process.js'

/**
 * An origin that costs little: HTTP/1.1 is read by hand and answered with bytes that stand ready, so that on
 * a small machine the client is what the measure shows. It counts a body and never looks into it.
 */

const MESSAGE = JSON.stringify({
  id: '1100000000000000003',
  type: 0,
  content: 'The quick brown fox jumps over the lazy dog, and a bot says so in its channel.',
  channel_id: '1100000000000000001',
  author: { id: '1100000000000000004', username: 'bench', discriminator: '0', global_name: null, bot: true },
  attachments: [],
  embeds: [],
  mentions: [],
  mention_roles: [],
  pinned: false,
  mention_everyone: false,
  tts: false,
  timestamp: '2026-01-01T00:00:00.000000+00:00',
  edited_timestamp: null,
  flags: 0,
  components: [],
})

/** Those that Discord sends and a framework reads. */
const HEADERS: Readonly<Record<string, string>> = {
  date: 'Thu, 01 Jan 2026 00:00:00 GMT',
  'content-type': 'application/json',
  'content-length': String(MESSAGE.length),
  'cache-control': 'no-store',
  'x-ratelimit-bucket': '80c17d2f203122d936070c88c8d10f33',
  'x-ratelimit-limit': '5000',
  'x-ratelimit-remaining': '4999',
  'x-ratelimit-reset': '1767225600.000',
  'x-ratelimit-reset-after': '0.500',
  via: '1.1 bench',
}

const lines = Object.entries(HEADERS).map(([name, value]) => `${name}: ${value}\r\n`)
const ANSWER = Buffer.from(`HTTP/1.1 200 OK\r\n${lines.join('')}\r\n${MESSAGE}`)
const LAST_ANSWER = Buffer.from(`HTTP/1.1 200 OK\r\nconnection: close\r\n${lines.join('')}\r\n${MESSAGE}`)

const END_OF_HEADER = '\r\n\r\n'
const END_OF_CHUNKS = '\r\n0\r\n\r\n'

function serveHttp1(socket: TLSSocket): void {
  let header = ''
  /** Bytes of the body still to come; -1 in a chunked one, whose last bytes are kept in `tail`. */
  let remaining = 0
  let tail = ''
  let last = false
  let inBody = false

  const answer = (): void => {
    inBody = false
    if (last) socket.end(LAST_ANSWER)
    else socket.write(ANSWER)
  }
  const onData = (chunk: Buffer): void => {
    let rest = chunk
    while (rest.length > 0) {
      if (inBody && remaining === -1) {
        tail = (tail + rest.toString('latin1', Math.max(0, rest.length - END_OF_CHUNKS.length))).slice(
          -END_OF_CHUNKS.length,
        )
        if (tail === END_OF_CHUNKS) answer()
        return
      }
      if (inBody) {
        const taken = Math.min(remaining, rest.length)
        remaining -= taken
        rest = rest.subarray(taken)
        if (remaining === 0) answer()
        continue
      }
      header += rest.toString('latin1')
      const end = header.indexOf(END_OF_HEADER)
      if (end === -1) return
      const body = header.length - end - END_OF_HEADER.length
      const fields = header.slice(0, end).toLowerCase()
      header = ''
      last = fields.includes('\r\nconnection: close')
      inBody = true
      remaining = fields.includes('\r\ntransfer-encoding: chunked')
        ? -1
        : Number(/\r\ncontent-length: *(\d+)/.exec(fields)?.[1] ?? 0)
      tail = '\r\n'
      rest = rest.subarray(rest.length - body)
      if (remaining === 0) answer()
    }
  }
  socket.on('data', onData)
}

const [certFile = '', keyFile = ''] = process.argv.slice(2)
const server = createServer({
  cert: readFileSync(certFile),
  key: readFileSync(keyFile),
  noDelay: true,
})
server.on('secureConnection', (socket) => {
  socket.on('error', () => undefined)
  serveHttp1(socket)
})
server.listen(0, '127.0.0.1', () => report({ ports: { origin: port(server) } }))
