/**
 * A process that trusts no authority of the lab, to be started with NODE_TLS_REJECT_UNAUTHORIZED=0. Tries every path
 * of the library that opens TLS, and answers with one line of JSON: how each of them ended.
 */
import { writeSync } from 'node:fs'
import { createDiscordTransport, TransportError } from '../../../src/index.js'
import { getByAgent, getByDispatcher, helloByWebSocket } from '../faces.js'
import { USERS_ME } from '../urls.js'

const { TEST_PROXY: proxy = '', TEST_TLS_PROXY: tlsProxy = '', TEST_PAC: pac = '' } = process.env

async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'works'
  } catch (error) {
    if (!(error instanceof TransportError)) return String(error)
    return `${error.code} ${error.message.includes('certificate') ? 'certificate' : error.message}`
  }
}

async function diagnosed(url: string): Promise<string> {
  const transport = createDiscordTransport({ proxy: url, env: {} })
  const { hops, notes } = await transport.diagnose({ inContainer: false })
  await transport.close()
  const failed = hops.find(({ status }) => status === 'failed')
  return `${failed?.code ?? 'works'} ${notes.map(({ code }) => code).join()}`
}

const transport = createDiscordTransport({ proxy, env: {} })
const byTlsProxy = createDiscordTransport({ proxy: tlsProxy, env: {} })
const byPac = createDiscordTransport({ proxy: pac, env: {} })
const outcomes = {
  fetch: await outcome(transport.fetch(USERS_ME)),
  // Options that only undici's own fetch serves.
  'fetch of undici': await outcome(transport.fetch(USERS_ME, { integrity: 'sha256-AAAA' })),
  agent: await outcome(getByAgent(transport)),
  dispatcher: await outcome(getByDispatcher(transport)),
  webSocket: await outcome(helloByWebSocket(transport)),
  'https proxy': await outcome(byTlsProxy.fetch(USERS_ME)),
  'pac+https': await outcome(byPac.fetch(USERS_ME)),
  doctor: await diagnosed(proxy),
  'doctor at an https proxy': await diagnosed(tlsProxy),
}
await Promise.all([transport, byTlsProxy, byPac].map((one) => one.close()))
writeSync(1, `${JSON.stringify(outcomes)}\n`)
