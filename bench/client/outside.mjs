/**
 * Requests to a host outside the scope, one after the other, and the CPU that they took, in milliseconds. Runs without
 * a loader, so that no package but the preload is in the process. Arguments: the kind of request, the port, how many.
 */
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import process from 'node:process'

const [kind, port, count] = process.argv.slice(2)
const agent = new http.Agent({ keepAlive: true })
const lookup = (_host, { all }, done) =>
  all === true ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4)

function get(options) {
  return new Promise((resolve, reject) => {
    http
      .get({ host: 'api.example.com', port, path: '/', lookup, ...options }, (response) => {
        response.resume().once('end', resolve)
      })
      .once('error', reject)
  })
}

const kinds = {
  'http, kept alive': () => get({ agent }),
  'http, one connection each': () => get({ agent: false }),
  fetch: async () => (await fetch(`http://localhost:${port}/`)).text(),
  'net.connect': async () => {
    const socket = net.connect({ host: 'api.example.com', port: Number(port), lookup })
    await once(socket, 'connect')
    socket.destroy()
    await once(socket, 'close')
  },
}
const send = kinds[kind]
for (let sent = 0; sent < Number(count) / 4; sent += 1) await send()
const before = process.cpuUsage()
for (let sent = 0; sent < Number(count); sent += 1) await send()
const { user, system } = process.cpuUsage(before)
process.stdout.write(String((user + system) / 1_000))
process.exit(0)
