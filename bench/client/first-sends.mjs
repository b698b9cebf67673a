/**
 * The first sends of a fresh process, and the CPU that they cost, tunnels included and the import not. Runs on every
 * Node line as it stands, without a loader. Arguments: `ours` or `undici`, URL of what is imported, the proxy,
 * the origin, the body, the headers as JSON, how many sends, how many at a time.
 */
import process from 'node:process'

const [kind, entry, proxy, url, body, headersJson, count, inFlight] = process.argv.slice(2)
const headers = JSON.parse(headersJson)
const library = await import(entry)

function ours() {
  const transport = library.createDiscordTransport({ proxy, env: {} })
  return async () => {
    const response = await transport.fetch(url, { method: 'POST', headers, body })
    return [response.status, await response.json()]
  }
}

function undici() {
  const dispatcher = new library.ProxyAgent(proxy)
  return async () => {
    const response = await library.request(url, { dispatcher, method: 'POST', headers, body })
    return [response.statusCode, await response.body.json()]
  }
}

const before = process.cpuUsage()
const send = kind === 'ours' ? ours() : undici()
let left = Number(count)
async function work() {
  while (left > 0) {
    left -= 1
    const [status, message] = await send()
    if (status !== 200 || message.id === undefined)
      throw new Error(`not the origin's answer: status ${status}`)
  }
}
await Promise.all(Array.from({ length: Number(inFlight) }, work))
const { user, system } = process.cpuUsage(before)
process.stdout.write(String((user + system) / 1_000))
process.exit(0)
