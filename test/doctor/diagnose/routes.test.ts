import { describe, expect, onTestFinished, test } from 'vitest'
import type { Diagnosis } from '../../../src/index.js'
import { startPacServer } from '../../lab/proxy/index.js'
import { startLab } from '../../support/lab.js'
import { reachDirectly } from '../../support/direct-discord.js'
import { LocalDns } from '../../support/local-dns.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const ids = ({ hops }: Diagnosis): readonly string[] => hops.map(({ id }) => id)
/** The thread of a script takes a while to begin on a busy machine. */
const PAC = { connectTimeoutMs: 5_000 }
const BEHIND = ['rest', 'gateway', 'cdn']

describe('every kind of route has its own hops', () => {
  test('a PAC script, and the proxy that it names', async () => {
    const lab = await startLab()
    const script = `function FindProxyForURL() { return "PROXY 127.0.0.1:${lab.proxy.port}" }`
    const diagnosis = await diagnose(lab, { ...PAC, proxy: `pac+data:,${encodeURIComponent(script)}` })
    expect(outcomeOf(diagnosis)).toBe('works')
    expect(ids(diagnosis)).toEqual([
      'config',
      'pac',
      'proxy-connect',
      'proxy-auth',
      'tunnel',
      'target-tls',
      ...BEHIND,
    ])
  })

  test('a PAC script that answers DIRECT is a direct route: the hints and notes are those of one', async () => {
    const lab = await startLab()
    LocalDns.install()
    const server = await startPacServer({ script: 'function FindProxyForURL() { return "DIRECT" }' })
    onTestFinished(() => server.close())
    const proxy = `pac+http://127.0.0.1:${server.port}/proxy.pac`
    const diagnosis = await diagnose(lab, { ...PAC, proxy }, { inContainer: true })
    expect(outcomeOf(diagnosis)).toBe('ERR_TARGET_UNREACHABLE target-dns')
    expect(diagnosis).toMatchObject({ route: 'direct', reason: 'the PAC script answers DIRECT' })
    expect(hopOf(diagnosis, 'target-dns').hint).toContain('Check DNS on this host')
    expect(JSON.stringify(diagnosis)).not.toContain('socks5h')
    // The script was loaded from that address, so it is the right one.
    expect(diagnosis.notes).toEqual([])
  })

  test('a PAC script that answers DIRECT reaches Discord', async () => {
    const lab = await startLab()
    reachDirectly(lab.names)
    const proxy = 'pac+data:,function FindProxyForURL() { return "DIRECT" }'
    expect(await diagnose(lab, { ...PAC, proxy })).toMatchObject({ ok: true, route: 'direct' })
  })

  test('a PAC server that does not answer is the hop that fails', async () => {
    const lab = await startLab()
    const server = await startPacServer({ script: 'function FindProxyForURL() { return "DIRECT" }' })
    await server.close()
    const diagnosis = await diagnose(lab, { ...PAC, proxy: `pac+http://127.0.0.1:${server.port}/proxy.pac` })
    expect(outcomeOf(diagnosis)).toBe('ERR_PROXY_UNREACHABLE pac')
  })

  test('a proxy with a name: its lookup is a hop', async () => {
    const lab = await startLab()
    const dns = LocalDns.install({ 'proxy.corp.example': '127.0.0.1' })
    const diagnosis = await diagnose(lab, { proxy: `http://proxy.corp.example:${lab.proxy.port}` })
    expect(outcomeOf(diagnosis)).toBe('works')
    expect(diagnosis.hops[1]).toMatchObject({ id: 'proxy-dns', status: 'ok' })
    expect(new Set(dns.queries)).toEqual(new Set(['proxy.corp.example']))
  })

  test('a name that nobody knows fails there', async () => {
    const lab = await startLab()
    LocalDns.install()
    const diagnosis = await diagnose(lab, { proxy: 'http://proxy.corp.example:3128' })
    expect(outcomeOf(diagnosis)).toBe('ERR_PROXY_UNREACHABLE proxy-dns')
    expect(diagnosis.hops[2]).toMatchObject({ id: 'proxy-connect', status: 'not-reached' })
  })

  test('a port on which nothing listens fails at TCP, and no other scheme is suggested', async () => {
    const lab = await startLab()
    await lab.proxy.close()
    const diagnosis = await diagnose(lab, { proxy: lab.proxy.url })
    expect(outcomeOf(diagnosis)).toBe('ERR_PROXY_UNREACHABLE proxy-connect')
    expect(diagnosis.fix).toBeNull()
  })

  test('no proxy: name, TCP and TLS are those of Discord', async () => {
    const lab = await startLab()
    LocalDns.install()
    const diagnosis = await diagnose(lab, { env: {} })
    expect(outcomeOf(diagnosis)).toBe('ERR_TARGET_UNREACHABLE target-dns')
    expect(diagnosis).toMatchObject({ proxy: null, route: 'direct', reason: 'no proxy is configured' })
    expect(ids(diagnosis)).toEqual(['config', 'target-dns', 'target-connect', 'target-tls', ...BEHIND])
  })

  test('a bypass list that takes Discord out is told, with its entry', async () => {
    const lab = await startLab()
    LocalDns.install()
    const env = { HTTPS_PROXY: lab.proxy.url, NO_PROXY: 'discord.com' }
    const diagnosis = await diagnose(lab, { env })
    expect(diagnosis).toMatchObject({ route: 'direct', reason: 'NO_PROXY entry discord.com matches' })
    expect(diagnosis.notes.map(({ code }) => code)).toEqual(['no-proxy-matches'])
    expect(lab.proxy.connections).toEqual([])
  })

  test('after setProxy the diagnosis is that of the new proxy', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const transport = lab.createTransport({ proxy: 'http://127.0.0.1:9' })
    transport.setProxy(lab.proxy.url)
    const diagnosis = await transport.diagnose({ inContainer: false })
    expect(diagnosis).toMatchObject({ ok: true, proxy: { protocol: 'socks5' } })
  })
})
