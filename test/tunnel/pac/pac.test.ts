import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DiscordTransport } from '../../../src/index.js'
import { createCertificateAuthority } from '../../lab/certificates.js'
import { startPacServer, type PacServer, type PacServerOptions } from '../../lab/proxy/index.js'
import { FACES, failureOf, getByDispatcher, getByFetch } from '../../support/faces.js'
import { startLab, USERS_ME, type Lab } from '../../support/lab.js'
import { LocalDns } from '../../support/local-dns.js'

const scriptOf = (answer: string): string => `function FindProxyForURL(url, host) { return ${answer} }`

async function pacServer(answer: string, options: Partial<PacServerOptions> = {}): Promise<PacServer> {
  const server = await startPacServer({ script: scriptOf(JSON.stringify(answer)), ...options })
  onTestFinished(() => server.close())
  return server
}

const dataUrl = (answer: string): string =>
  `pac+data:application/x-ns-proxy-autoconfig,${encodeURIComponent(scriptOf(JSON.stringify(answer)))}`

/** A transport whose PAC script gives this answer. */
const answering = (lab: Lab, answer: string): DiscordTransport =>
  lab.createTransport({ proxy: dataUrl(answer) })

const addressOf = ({ proxy }: Pick<Lab, 'proxy'>): string => `127.0.0.1:${proxy.port}`

async function deadAddress(lab: Lab): Promise<string> {
  const dead = await lab.startProxy({})
  await dead.close()
  return `127.0.0.1:${dead.port}`
}

describe('a PAC script', () => {
  test.each(['http', 'https'] as const)(
    'comes from pac+%s, once for many tunnels, and without any name looked up',
    async (scheme) => {
      const dns = LocalDns.install()
      const lab = await startLab()
      // Trusted by proxyTls alone.
      const ca = await createCertificateAuthority()
      const server = await pacServer(`PROXY ${addressOf(lab)}`, { scheme, ca })
      const transport = lab.createTransport({
        proxy: server.pacUrl,
        proxyTls: { ca: ca.certificate },
        // On a busy machine the first thread of a process takes seconds to start.
        connectTimeoutMs: 15_000,
      })
      for (const reach of Object.values(FACES)) await reach(transport)
      expect(server.requests).toHaveLength(1)
      expect(new Set(lab.proxy.connections.map(({ target }) => target?.host))).toEqual(
        new Set(['discord.com', 'gateway.discord.gg']),
      )
      expect(dns.queries).toEqual([])
    },
  )

  test('comes from no server that proxyTls does not trust, whatever tls trusts', async () => {
    const lab = await startLab()
    const stranger = await createCertificateAuthority('Somebody')
    const server = await pacServer(`PROXY ${addressOf(lab)}`, { scheme: 'https', ca: stranger })
    const transport = lab.createTransport({
      proxy: server.pacUrl,
      proxyTls: { ca: lab.ca.certificate },
      tls: { ca: [lab.discord.ca, stranger.certificate].join('\n') },
      connectTimeoutMs: 20_000,
    })
    const error = await failureOf(getByFetch(transport))
    expect(error).toMatchObject({ code: 'ERR_PROXY_TLS', phase: 'proxy-tls', retryable: false })
    expect(error.message).toContain('SELF_SIGNED_CERT_IN_CHAIN')
    expect(error.hint).toContain('proxyTls.caFile')
    expect(server.requests).toEqual([])
  })

  test('comes from a server that wants a client certificate, by that of proxyTls', async () => {
    const lab = await startLab()
    const { ca } = lab
    const server = await pacServer(`PROXY ${addressOf(lab)}`, { scheme: 'https', ca, requestCert: true })
    const { cert, key } = await ca.issue(['the bot'], { clientAuth: true })
    const transport = lab.createTransport({
      proxy: server.pacUrl,
      proxyTls: { ca: ca.certificate, cert: Buffer.from(cert), key },
      connectTimeoutMs: 15_000,
    })
    expect((await getByDispatcher(transport, USERS_ME, lab.headers)).status).toBe(200)
    expect(server.requests).toHaveLength(1)
  })

  test('comes from pac+file', async () => {
    const lab = await startLab()
    const folder = await mkdtemp(join(tmpdir(), 'pac-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'proxy.pac')
    await writeFile(file, scriptOf(`'PROXY ${addressOf(lab)}'`))
    const transport = lab.createTransport({ proxy: `pac+${pathToFileURL(file).href}` })
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(lab.proxy.established.length).toBeGreaterThan(0)
  })

  test('comes from pac+data, and is given the URL and the host', async () => {
    const lab = await startLab()
    const script = `function FindProxyForURL(url, host) {
      return host === 'discord.com' && url === 'https://discord.com/' ? 'PROXY ${addressOf(lab)}' : 'PROXY 127.0.0.1:1'
    }`
    const url = `pac+data:application/x-ns-proxy-autoconfig;base64,${Buffer.from(script).toString('base64')}`
    const transport = lab.createTransport({ proxy: url })
    expect((await getByDispatcher(transport, USERS_ME, lab.headers)).status).toBe(200)
  })

  test.each([
    ['PROXY', 'http'],
    ['HTTP', 'http'],
    ['HTTPS', 'https'],
    ['SOCKS', 'socks5'],
    ['SOCKS5', 'socks5'],
    ['SOCKS4', 'socks4a'],
  ] as const)('may answer %s', async (word, scheme) => {
    const dns = LocalDns.install()
    const lab = await startLab({ scheme })
    const transport = answering(lab, `${word} ${addressOf(lab)}`)
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(new Set(lab.proxy.connections.map(({ target }) => target?.addressType))).toEqual(new Set(['name']))
    expect(dns.queries).toEqual([])
  })

  test('may answer DIRECT, and then no proxy is used', async () => {
    const lab = await startLab()
    const destination = lab.names.resolve('discord.com', 443)
    LocalDns.install({ 'discord.com': '127.0.0.1' })
    const transport = answering(lab, 'DIRECT')
    const url = USERS_ME.replace('discord.com', `discord.com:${destination?.port}`)
    expect((await getByDispatcher(transport, url, lab.headers)).status).toBe(200)
    expect(lab.proxy.connections).toEqual([])
    expect(lab.events[0]).toMatchObject({ type: 'direct', reason: 'the PAC script answers DIRECT' })
    expect(lab.events[1]).toMatchObject({ type: 'tunnel-open', proxy: null })
    expect(transport.stats().proxies[0]?.tunnels).toMatchObject({ opened: 0, open: 0 })
  })

  test('is asked for every destination', async () => {
    const lab = await startLab()
    const other = await lab.startProxy({ scheme: 'socks5' })
    const script = `function FindProxyForURL(url, host) {
      return host.endsWith('.gg') ? 'SOCKS5 127.0.0.1:${other.port}' : 'PROXY ${addressOf(lab)}'
    }`
    const transport = lab.createTransport({ proxy: `pac+data:,${encodeURIComponent(script)}` })
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(new Set(lab.proxy.established.map(({ target }) => target?.host))).toEqual(new Set(['discord.com']))
    expect(new Set(other.established.map(({ target }) => target?.host))).toEqual(
      new Set(['gateway.discord.gg']),
    )
  })
})

describe('a list of proxies', () => {
  test('goes on to the second where the first is dead', async () => {
    const lab = await startLab()
    const transport = answering(
      lab,
      `PROXY ${await deadAddress(lab)}; SOCKS5 ${await deadAddress(lab)}; PROXY ${addressOf(lab)}`,
    )
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(lab.proxy.established.length).toBeGreaterThan(0)
  })

  test('goes on where the first refuses or speaks something else', async () => {
    const lab = await startLab()
    const refusing = await lab.startProxy({ fault: { kind: 'status', status: 403 } })
    const socks = await lab.startProxy({ scheme: 'socks5' })
    const transport = answering(
      lab,
      `PROXY 127.0.0.1:${refusing.port}; PROXY 127.0.0.1:${socks.port}; PROXY ${addressOf(lab)}`,
    )
    await FACES.dispatcher(transport)
    expect(lab.proxy.established).toHaveLength(1)
  })

  test('goes on in time where the first is silent', async () => {
    const lab = await startLab()
    const silent = await lab.startProxy({ fault: { kind: 'accept', verb: 'silence' } })
    const answer = `PROXY 127.0.0.1:${silent.port}; PROXY ${addressOf(lab)}`
    // Half of it is for the silent proxy; the thread of the script has to start in the rest.
    const transport = lab.createTransport({ proxy: dataUrl(answer), connectTimeoutMs: 4_000 })
    await Promise.all(Object.values(FACES).map((reach) => reach(transport)))
    await Promise.all(silent.connections.map(({ closed }) => closed))
  })

  test('never ends in DIRECT: the failure is that of the first proxy', async () => {
    const lab = await startLab()
    const dns = LocalDns.install({ 'discord.com': '127.0.0.1' })
    const dead = await deadAddress(lab)
    const transport = answering(lab, `PROXY ${dead}; DIRECT`)
    for (const reach of Object.values(FACES)) {
      expect(await failureOf(reach(transport))).toMatchObject({
        code: 'ERR_PROXY_UNREACHABLE',
        phase: 'proxy-connect',
        proxy: `http://${dead}`,
      })
    }
    expect(dns.queries).toEqual([])
  })
})

test('required refuses a script that says DIRECT', async () => {
  const lab = await startLab()
  const transport = lab.createTransport({ proxy: dataUrl('DIRECT'), required: true })
  for (const reach of Object.values(FACES)) {
    expect(await failureOf(reach(transport))).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'pac' })
  }
})

test('explain() says that the script decides, and loads nothing', async () => {
  const lab = await startLab()
  const server = await pacServer(`PROXY ${addressOf(lab)}`)
  const transport = lab.createTransport({ proxy: server.pacUrl })
  expect(transport.explain(USERS_ME)).toMatchObject({
    route: 'proxy',
    reason: expect.stringContaining('PAC script decides') as string,
  })
  expect(server.requests).toEqual([])
  await getByFetch(transport)
  expect(server.requests).toHaveLength(1)
})
