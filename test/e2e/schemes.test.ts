import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProxyProtocol } from '../../src/index.js'
import { itHolds, type ProxyUnderTest } from '../cases/index.js'
import { watchLookups, type LookupWatch } from '../cases/local-names.js'
import { startOutside, type Outside } from '../cases/outside.js'
import { createCertificateAuthority, type CertificateAuthority } from '../lab/certificates.js'
import {
  startPacServer,
  startProxy,
  type LabConnection,
  type LabProxy,
  type LabScheme,
} from '../lab/proxy/index.js'
import { chosenScenarios, type Scenario } from './scenarios.js'

/** Everything that has to be escaped in a URL, but no colon in the name: Basic cannot carry one (RFC 7617 §2). */
const AUTH = { username: 'us@er', password: 'p@ss:w/r%d ü' }
/** SOCKS4 has a user id and nothing else. */
const USER_ID = { username: 'bot', password: '' }

/** The word for a scheme in the answer of FindProxyForURL. */
const PAC_WORDS: Readonly<Record<LabScheme, string>> = {
  http: 'PROXY',
  https: 'HTTPS',
  socks4: 'SOCKS4',
  socks4a: 'SOCKS4',
  socks5: 'SOCKS5',
}

/** What a proxy may still send to a client that has already gone: session tickets, a close_notify. */
const UNREAD_LIMIT = 2_000

/** CONNECT with its headers, or SOCKS with its credentials; on https the TLS of the hop as well. */
const HANDSHAKE_LIMIT: Readonly<Record<LabScheme, number>> = {
  http: 1_000,
  https: Infinity,
  socks4: 100,
  socks4a: 100,
  socks5: 200,
}

interface Site {
  readonly proxy: LabProxy
  readonly under: ProxyUnderTest
  readonly outside: Outside
  readonly lookups: LookupWatch
  readonly bytes: { sent: number; received: number }
  close(): Promise<void>
}

/** A proxy URL for the scheme that leads to the lab's proxy, and what serves it. */
async function urlFor(
  scheme: ProxyProtocol,
  proxy: LabProxy,
  ca: CertificateAuthority,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const keep = (): Promise<void> => Promise.resolve()
  const { host } = new URL(proxy.urlWithoutCredentials)
  const script = `function FindProxyForURL() { return '${PAC_WORDS[proxy.scheme]} ${host}' }`
  switch (scheme) {
    case 'pac+http':
    case 'pac+https': {
      const server = await startPacServer({ script, scheme: scheme === 'pac+http' ? 'http' : 'https', ca })
      return { url: server.pacUrl, close: () => server.close() }
    }
    case 'pac+file': {
      const directory = await mkdtemp(join(tmpdir(), 'discord-transport-pac-'))
      const file = join(directory, 'proxy.pac')
      await writeFile(file, script)
      return { url: `pac+${pathToFileURL(file).href}`, close: () => rm(directory, { recursive: true }) }
    }
    case 'pac+data':
      return { url: `pac+data:,${encodeURIComponent(script)}`, close: keep }
    case 'http':
    case 'https':
    case 'socks':
    case 'socks4':
    case 'socks4a':
    case 'socks5':
    case 'socks5h':
      return { url: proxy.url.replace(/^\w+:/, `${scheme}:`).replace(':@', '@'), close: keep }
  }
}

async function startSite({ scheme, lab, auth, says = {} }: Scenario): Promise<Site> {
  const ca = await createCertificateAuthority()
  const outside = await startOutside({ ca })
  const { names } = outside
  const proxy = await startProxy({
    scheme: lab,
    names,
    ...(lab === 'https' ? { tls: { ca } } : {}),
    ...(auth ? { auth: lab.startsWith('socks4') ? USER_ID : AUTH } : {}),
  })
  const { url, close } = await urlFor(scheme, proxy, ca)
  const lookups = watchLookups((host) =>
    lab === 'socks4' && names.has(host) ? names.addressOf(host) : undefined,
  )
  const stranger = lab.startsWith('socks4') ? 'someone' : 'someone:else'
  const refused = url.replace(/\/\/[^@]*@/, `//${stranger}@`)
  return {
    proxy,
    outside,
    lookups,
    bytes: { sent: 0, received: 0 },
    under: {
      url,
      options: { proxyTls: { ca: ca.certificate } },
      idleMs: 300,
      refusedUrls: auth ? [refused, url.replace(/\/\/[^@]*@/, '//')] : [],
      says,
    },
    close: async () => {
      lookups[Symbol.dispose]()
      await close()
      await proxy.close()
      await outside.close()
    },
  }
}

function sum(connections: readonly LabConnection[], of: (connection: LabConnection) => number): number {
  return connections.reduce((total, connection) => total + of(connection), 0)
}

describe.each(chosenScenarios())('through $scheme', (scenario) => {
  let site: Site

  beforeAll(async () => {
    site = await startSite(scenario)
  })
  afterAll(() => site.close())

  itHolds(scenario.auth ? ['credentials'] : [], () => ({
    proxy: site.under,
    discord: site.outside.discord,
    options: {
      // A warm tunnel that is given up half open has carried bytes, and makes no event.
      keepWarm: false,
      onEvent: (event) => {
        if (event.type !== 'tunnel-close') return
        site.bytes.sent += event.bytesSent
        site.bytes.received += event.bytesReceived
      },
    },
  }))

  it('carried every byte that Discord received or sent', () => {
    const { proxy, outside, bytes } = site
    const { established } = proxy
    const totals = outside.totals()
    expect(established.length).toBeGreaterThan(0)
    expect(totals).toEqual({
      connections: established.length,
      received: sum(established, ({ bytesUp }) => bytesUp),
      sent: sum(established, ({ bytesDown }) => bytesDown),
    })
    const limit = HANDSHAKE_LIMIT[scenario.lab] * established.length
    expect(bytes.sent).toBeGreaterThan(totals.received)
    expect(bytes.sent).toBeLessThan(totals.received + limit)
    expect(bytes.received).toBeGreaterThan(totals.sent - UNREAD_LIMIT * established.length)
    expect(bytes.received).toBeLessThan(totals.sent + limit)
  })

  it('gave the proxy names, and made no DNS query for them', () => {
    const { proxy, lookups } = site
    const types = new Set(proxy.connections.map(({ target }) => target?.addressType).filter(Boolean))
    if (scenario.lab === 'socks4') {
      expect([...types]).toEqual(['ipv4'])
    } else {
      expect([...types]).toEqual(['name'])
      expect(lookups.names).toEqual([])
    }
  })

  it("kept Proxy-Authorization from Discord, and Discord's Authorization from the proxy", () => {
    const { proxy, outside } = site
    const { rest, cdn, gateway, token } = outside.discord
    const heads = [...rest.requests, ...cdn.requests, ...gateway.upgrades].map(({ headers }) => headers)
    expect(heads.length).toBeGreaterThan(0)
    for (const headers of heads) expect(headers).not.toHaveProperty('proxy-authorization')
    for (const { heard, headers } of proxy.connections) {
      expect(heard.includes(token)).toBe(false)
      expect(headers).not.toHaveProperty('authorization')
    }
  })
})
