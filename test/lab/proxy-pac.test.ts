import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { ProxyAgent } from 'proxy-agent'
import { Agent, fetch } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCertificateAuthority } from './certificates.js'
import { LabNames } from './names.js'
import {
  LAB_HOSTS,
  startPacServer,
  startProxy,
  type PacServer,
  type PacServerOptions,
} from './proxy/index.js'
import { RawClient } from './proxy/raw-client.js'

const SCRIPT = 'function FindProxyForURL(url, host) { return "DIRECT" }'
const GET = 'GET /proxy.pac HTTP/1.1\r\nHost: pac.lab\r\n\r\n'

async function pacServer(options: Partial<PacServerOptions> = {}): Promise<PacServer> {
  const started = await startPacServer({ script: SCRIPT, ...options })
  onTestFinished(() => started.close())
  return started
}

async function raw(server: PacServer): Promise<RawClient> {
  const client = await RawClient.connect(server.port)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

describe('a PAC server', () => {
  test('serves its script and records who asked', async () => {
    const server = await pacServer({ script: ({ url }) => `// ${url}\n${SCRIPT}` })
    expect(server.pacUrl).toBe(`pac+http://127.0.0.1:${server.port}/proxy.pac`)
    const client = await raw(server)
    client.send(GET.replace('.pac', '.pac?x=1'))
    const answer = await client.receiveText(SCRIPT)
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: application\/x-ns-proxy-autoconfig\r\n/)
    expect(answer).toContain('// /proxy.pac?x=1\n')
    expect(server.requests).toMatchObject([
      { method: 'GET', url: '/proxy.pac?x=1', headers: { host: 'pac.lab' } },
    ])
  })

  test('serves over TLS', async () => {
    const ca = await createCertificateAuthority()
    const server = await pacServer({ scheme: 'https', ca })
    const dispatcher = new Agent({ connect: { ca: ca.certificate } })
    const response = await fetch(server.url, { dispatcher })
    expect(await response.text()).toBe(SCRIPT)
    await dispatcher.close()
    expect(server.pacUrl).toMatch(/^pac\+https:\/\/127\.0\.0\.1:\d+\/proxy\.pac$/)
    await expect(startPacServer({ script: SCRIPT, scheme: 'https' })).rejects.toThrow('needs `ca`')
  })

  test('sends proxy-agent to the proxy that the script names', async () => {
    const names = new LabNames()
    const lab = await startProxy({ scheme: 'http', names })
    onTestFinished(() => lab.close())
    const script = `function FindProxyForURL() { return "PROXY 127.0.0.1:${lab.port}" }`
    const server = await pacServer({ script })
    const agent = new ProxyAgent({ getProxyForUrl: () => server.pacUrl })
    const [response] = (await once(get('http://discord.com/', { agent }), 'response')) as [IncomingMessage]
    response.resume()
    agent.destroy()
    expect(response.headers.via).toBe('1.1 lab')
    expect(lab.connections).toHaveLength(1)
  })

  test.each(LAB_HOSTS)('listens on %s', async (host) => {
    const server = await pacServer({ host })
    expect(server.url).toBe(`http://${host === '::1' ? '[::1]' : host}:${server.port}/proxy.pac`)
    expect(await (await fetch(server.url, { keepalive: false })).text()).toBe(SCRIPT)
  })

  test('can change its script', async () => {
    const server = await pacServer()
    server.script = '// changed'
    const client = await raw(server)
    client.send(GET)
    await client.receiveText('// changed')
  })
})

describe('a faulty PAC server', () => {
  test.each(['accept', 'request'] as const)('is silent, closes or resets (%s)', async (kind) => {
    const server = await pacServer({ fault: { kind, verb: 'silence' } })
    const silent = await raw(server)
    silent.send(GET)
    server.fault = { kind, verb: 'close' }
    const closing = await raw(server)
    closing.send(GET)
    expect(await closing.ended).toBe('fin')
    server.fault = { kind, verb: 'reset' }
    const reset = await RawClient.connect(server.port).then(
      async (client) => {
        client.send(GET)
        await client.ended
        return client.error
      },
      (error: unknown) => error,
    )
    expect(reset).toMatchObject({ code: 'ECONNRESET' })
    expect([silent.received.length, silent.ending]).toEqual([0, null])
  })

  test('answers with a status', async () => {
    const server = await pacServer({ fault: { kind: 'status', status: 404, body: 'gone' } })
    const client = await raw(server)
    client.send(GET)
    expect(await client.receiveText('gone')).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/)
  })

  test('drips its script, or sends one without end', async () => {
    const server = await pacServer({ fault: { kind: 'request', verb: 'drip', periodMs: 1 } })
    const slow = await raw(server)
    slow.send(GET)
    await slow.receiveText(SCRIPT)
    expect(slow.chunks.length).toBeGreaterThan(10)
    server.fault = { kind: 'request', verb: 'endless' }
    const endless = await raw(server)
    endless.send(GET)
    await endless.receive(4 * 1024 * 1024)
  })

  test('sends garbage for a script', async () => {
    const server = await pacServer({ fault: { kind: 'request', verb: 'garbage' } })
    const client = await raw(server)
    client.send(GET)
    expect((await client.receiveText('\xff')).slice(-256, -253)).toBe('\0\x01\x02')
  })
})
