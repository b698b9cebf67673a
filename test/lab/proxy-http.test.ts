import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { request as httpsRequest, createServer as createHttpsServer } from 'node:https'
import { text } from 'node:stream/consumers'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { fetch, ProxyAgent } from 'undici'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createCertificateAuthority, type CertificateAuthority } from './certificates.js'
import { LabNames } from './names.js'
import { startEchoTarget } from './proxy/echo-target.js'
import { LAB_HOSTS, startProxy, type LabProxy, type ProxyOptions } from './proxy/index.js'
import { RawClient } from './proxy/raw-client.js'

const names = new LabNames()
let ca: CertificateAuthority
let web: ReturnType<typeof createHttpsServer>

beforeAll(async () => {
  ca = await createCertificateAuthority()
  web = createHttpsServer(await ca.issue(['discord.com']), (request, response) => {
    response.setHeader('Connection', 'close')
    response.end(`${request.method ?? ''} ${request.url ?? ''}`)
  })
  web.listen(0, '127.0.0.1')
  await once(web, 'listening')
  const address = web.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  names.add('discord.com', 443, { host: '127.0.0.1', port: address.port })
})

afterAll(async () => {
  const closed = once(web, 'close')
  web.close()
  web.closeAllConnections()
  await closed
})

async function proxy(options: Omit<ProxyOptions, 'names'>): Promise<LabProxy> {
  const started = await startProxy({ names, ...options })
  onTestFinished(() => started.close())
  return started
}

async function raw(to: LabProxy): Promise<RawClient> {
  const client = await RawClient.connect(to.port, to.host)
  onTestFinished(() => client[Symbol.asyncDispose]())
  return client
}

async function echo(): Promise<void> {
  const target = await startEchoTarget(names, 'echo.lab', 7)
  onTestFinished(() => target.close())
}

describe('an http proxy', () => {
  test('carries undici, and records the target by name', async () => {
    const lab = await proxy({ scheme: 'http' })
    const dispatcher = new ProxyAgent({ uri: lab.url, requestTls: { ca: ca.certificate } })
    const response = await fetch('https://discord.com/api/v10/gateway', { dispatcher })
    expect(await response.text()).toBe('GET /api/v10/gateway')
    await dispatcher.close()
    const [connection] = lab.connections
    expect(connection).toMatchObject({
      id: 1,
      target: { host: 'discord.com', port: 443, addressType: 'name' },
      credentials: null,
      authorization: null,
      established: true,
    })
    expect(connection?.headers['host']).toBe('discord.com')
    expect(connection?.bytesUp).toBeGreaterThan(300)
    expect(connection?.bytesDown).toBeGreaterThan(300)
    await connection?.closed
    expect(connection?.open).toBe(false)
    expect(lab.openCount).toBe(0)
  })

  test('carries https-proxy-agent with credentials that need decoding', async () => {
    const auth = { username: 'usér', password: 'p@ss:w/ö%41' }
    const lab = await proxy({ scheme: 'http', auth })
    const agent = new HttpsProxyAgent(lab.url)
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      httpsRequest('https://discord.com/x', { agent, ca: ca.certificate }, resolve).on('error', reject).end()
    })
    expect(await text(response)).toBe('GET /x')
    expect(lab.connections[0]?.credentials).toEqual(auth)
    expect(lab.connections[0]?.authorization).toMatch(/^Basic /)
  })

  test.each(LAB_HOSTS)('listens on %s', async (host) => {
    const lab = await proxy({ scheme: 'http', host })
    expect(lab.url).toBe(`http://${host === '::1' ? '[::1]' : host}:${lab.port}`)
    const dispatcher = new ProxyAgent({ uri: lab.url, requestTls: { ca: ca.certificate } })
    expect((await fetch('https://discord.com/', { dispatcher })).status).toBe(200)
    await dispatcher.close()
  })

  test('asks for credentials with 407, and takes no wrong ones', async () => {
    const lab = await proxy({ scheme: 'http', auth: { username: 'u', password: 'p' } })
    for (const header of [
      '',
      'Proxy-Authorization: Basic dTpx\r\n',
      'Proxy-Authorization: Basic dQ==\r\n',
      'Proxy-Authorization: Bearer x\r\n',
    ]) {
      const client = await raw(lab)
      client.send(`CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\n${header}\r\n`)
      const answer = await client.receiveText('\r\n\r\n')
      expect(answer).toMatch(/^HTTP\/1\.1 407 /)
      expect(answer).toMatch(/proxy-authenticate: Basic/i)
      expect(await client.ended).toBe('fin')
    }
    expect(lab.established).toEqual([])
    expect(lab.connections.map(({ credentials }) => credentials)).toEqual([
      null,
      { username: 'u', password: 'q' },
      null,
      null,
    ])
  })

  test('can ask for one exact Proxy-Authorization', async () => {
    const lab = await proxy({ scheme: 'http', auth: { authorization: 'Bearer abc' } })
    const client = await raw(lab)
    client.send(
      'CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\nProxy-Authorization: Bearer abc\r\n\r\n',
    )
    expect(await client.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    expect(lab.url).toBe(lab.urlWithoutCredentials)
  })

  test('answers 400 to SOCKS', async () => {
    const lab = await proxy({ scheme: 'http' })
    const client = await raw(lab)
    client.send([5, 1, 0])
    expect(await client.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
    expect(await client.ended).toBe('fin')
    expect(lab.connections[0]?.heard).toEqual(Buffer.from([5, 1, 0]))
  })

  test('answers 400 to TLS', async () => {
    const lab = await proxy({ scheme: 'http' })
    await expect(RawClient.connectTls({ port: lab.port, host: lab.host })).rejects.toThrow(
      /wrong version number|packet length/,
    )
  })

  test.each([
    ['an unknown name', 'nowhere.invalid:443'],
    ['a port on which nothing listens', 'discord.com:444'],
    ['an address of the real network', '192.0.2.1:443'],
  ])('answers 502 for %s', async (_title, authority) => {
    const lab = await proxy({ scheme: 'http' })
    const client = await raw(lab)
    client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
    expect(await client.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 /)
    expect(await client.ended).toBe('fin')
    expect(lab.connections[0]).toMatchObject({ established: false })
  })

  test('answers 502 to a plain request for a name that it does not know', async () => {
    const lab = await proxy({ scheme: 'http' })
    const client = await raw(lab)
    client.send('GET http://unknown.lab/ HTTP/1.1\r\nHost: unknown.lab\r\n\r\n')
    expect(await client.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 /)
  })

  test('leads an address that stands for a name to the same place', async () => {
    const lab = await proxy({ scheme: 'http' })
    await echo()
    for (const [address, addressType] of [
      [names.addressOf('echo.lab'), 'ipv4'],
      [names.addressOf('echo.lab', 6), 'ipv6'],
    ] as const) {
      const client = await raw(lab)
      const authority = addressType === 'ipv6' ? `[${address}]:7` : `${address}:7`
      client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\nhello`)
      expect(await client.receiveText('hello')).toMatch(/^HTTP\/1\.1 200 /)
      expect(lab.connections.at(-1)?.target).toEqual({ host: address, port: 7, addressType })
    }
  })

  test('hears every byte once, handshake and payload, however they are cut', async () => {
    const lab = await proxy({ scheme: 'http' })
    await echo()
    const sent = 'CONNECT echo.lab:7 HTTP/1.1\r\nHost: echo.lab:7\r\n\r\nearly'
    const joined = await raw(lab)
    joined.send(sent)
    await joined.receiveText('early')
    joined.send(' and late')
    await joined.receiveText('early and late')
    const cut = await raw(lab)
    for (const character of sent) {
      await new Promise((resolve) => cut.socket.write(character, resolve))
      await new Promise(setImmediate)
    }
    await cut.receiveText('early')
    cut.send(' and late')
    await cut.receiveText('early and late')
    for (const connection of lab.connections) {
      expect(connection.heard.toString()).toBe(`${sent} and late`)
      expect(connection).toMatchObject({ bytesUp: 14, bytesDown: 14 })
    }
  })
})

describe('an https proxy', () => {
  test('carries undici inside TLS of a private authority', async () => {
    const lab = await proxy({
      scheme: 'https',
      tls: { ca, names: ['proxy.lab'] },
      auth: { username: 'u', password: 'p' },
    })
    const dispatcher = new ProxyAgent({
      uri: lab.urlWithoutCredentials,
      token: `Basic ${Buffer.from('u:p').toString('base64')}`,
      // A name, because undici sends an IP address as the server's name, and Node 26 forbids that.
      proxyTls: { ca: ca.certificate, servername: 'proxy.lab' },
      requestTls: { ca: ca.certificate },
    })
    expect(await (await fetch('https://discord.com/y', { dispatcher })).text()).toBe('GET /y')
    await dispatcher.close()
    const [connection] = lab.connections
    expect(connection?.heard.toString('latin1')).toMatch(/^CONNECT discord\.com:443 HTTP\/1\.1\r\n/)
    expect(connection?.credentials).toEqual({ username: 'u', password: 'p' })
    expect(connection?.clientCertificate).toBeNull()
  })

  test('has a certificate for the names it is given, which may be expired', async () => {
    const lab = await proxy({ scheme: 'https', tls: { ca, names: ['proxy.lab'] } })
    const at = { host: lab.host, port: lab.port, ca: ca.certificate }
    await expect(RawClient.connectTls(at)).rejects.toThrow(/does not match/)
    await using client = await RawClient.connectTls({ ...at, servername: 'proxy.lab' })
    expect(client.ending).toBeNull()
    const expired = await proxy({ scheme: 'https', tls: { ca, expired: true } })
    await expect(RawClient.connectTls({ ...at, port: expired.port })).rejects.toThrow(/expired/)
    const untrusted = { host: lab.host, port: lab.port, servername: 'proxy.lab' }
    await expect(RawClient.connectTls(untrusted)).rejects.toThrow(/unable to verify|self.signed/)
  })

  test('can insist on a certificate of its clients', async () => {
    const lab = await proxy({ scheme: 'https', tls: { ca, requestCert: true } })
    const at = { host: lab.host, port: lab.port, ca: ca.certificate }
    const own = await ca.issue([], { clientAuth: true, commonName: 'bot' })
    await using known = await RawClient.connectTls({ ...at, ...own })
    known.send('CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\n\r\n')
    expect(await known.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
    expect(lab.connections[0]?.clientCertificate).toBe('CN=bot')

    await using unknown = await RawClient.connectTls(at)
    unknown.send('CONNECT discord.com:443 HTTP/1.1\r\nHost: discord.com:443\r\n\r\n')
    expect(await unknown.ended).not.toBeNull()
    expect(unknown.received).toHaveLength(0)

    const stranger = await (await createCertificateAuthority()).issue([], { clientAuth: true })
    await using forged = await RawClient.connectTls({ ...at, ...stranger })
    expect(await forged.ended).not.toBeNull()
    expect(lab.established).toHaveLength(1)
  })

  test('cannot be had without an authority', async () => {
    await expect(startProxy({ scheme: 'https', names })).rejects.toThrow('needs `tls`')
  })
})

test('a server that is no proxy is left alone', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  const lab = await proxy({ scheme: 'http' })
  const client = await raw(lab)
  const address = other.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  client.send(`CONNECT 127.0.0.1:${address.port} HTTP/1.1\r\nHost: x\r\n\r\n`)
  expect(await client.receiveText('\r\n\r\n')).toMatch(/^HTTP\/1\.1 502 /)
  const closed = once(other, 'close')
  other.close()
  await closed
})
