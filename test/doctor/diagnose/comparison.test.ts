import { describe, expect, test } from 'vitest'
import { LabNames } from '../../lab/names.js'
import { startLab, type Lab } from '../../support/lab.js'
import { LocalDns } from '../../support/local-dns.js'
import { reachDirectly } from '../../support/direct-discord.js'
import { diagnose } from './diagnose.js'

/** Whether this host reaches Discord without the proxy. */
function letOut(lab: Lab, isOpen: boolean): void {
  if (isOpen) reachDirectly(lab.names)
  else LocalDns.install()
}

describe('with compare, the doctor tries Discord without the proxy too', () => {
  test.each([
    ['works', 'blocked', 'proxy-needed', 'it works'],
    ['works', 'open', 'proxy-not-needed', 'not needed'],
    ['refuses', 'open', 'proxy-broken', 'is the failure'],
    ['refuses', 'blocked', 'both-broken', 'with the proxy or without it'],
  ] as const)('a proxy that %s, a direct way that is %s: %s', async (proxy, direct, verdict, words) => {
    const lab = await startLab(proxy === 'refuses' ? { fault: { kind: 'status', status: 403 } } : {})
    letOut(lab, direct === 'open')
    const { comparison, ok, route } = await diagnose(lab, {}, { compare: true })
    expect(comparison).toMatchObject({ verdict, direct: { ok: direct === 'open' } })
    expect(comparison?.text).toContain(words)
    expect([ok, route]).toEqual([proxy === 'works', 'proxy'])
    const ids = comparison?.direct.hops.map(({ id }) => id)
    expect(ids).toEqual(['target-dns', 'target-connect', 'target-tls', 'rest', 'gateway', 'cdn'])
  })

  test('a proxy that leads to Discord, and not to its CDN, is broken', async () => {
    const lab = await startLab()
    const outside = new LabNames()
    for (const host of ['discord.com', 'gateway.discord.gg', 'cdn.discordapp.com'])
      outside.add(host, 443, lab.names.resolve(host, 443)!)
    reachDirectly(outside)
    lab.names.remove('cdn.discordapp.com', 443)
    const { comparison, hops } = await diagnose(lab, {}, { compare: true })
    expect(hops.filter(({ status }) => status === 'failed').map(({ id }) => id)).toEqual(['cdn'])
    expect(comparison).toMatchObject({ verdict: 'proxy-broken', direct: { ok: true } })
  })

  test('the token is sent through the proxy only', async () => {
    const lab = await startLab()
    reachDirectly(lab.names)
    const { comparison } = await diagnose(lab, {}, { compare: true, token: lab.discord.token })
    expect(comparison?.verdict).toBe('proxy-not-needed')
    // Each leg asks for GET /gateway; the requests that need the token were made once.
    const routes = lab.discord.rest.requests.map(({ method, route }) => `${method} ${route}`)
    expect(routes.filter((route) => route === 'GET /gateway')).toHaveLength(2)
    expect(routes.filter((route) => route === 'GET /users/@me')).toHaveLength(1)
    const withToken = lab.discord.rest.requests.filter(({ headers }) => headers.authorization !== undefined)
    expect(withToken.map(({ route }) => route).sort()).toEqual([
      '/applications/@me',
      '/gateway/bot',
      '/users/@me',
    ])
    expect(lab.discord.gateway.identifies).toHaveLength(1)
  })

  test('unasked, no connection leaves beside the proxy', async () => {
    const lab = await startLab()
    const dialled = reachDirectly(lab.names)
    expect((await diagnose(lab)).comparison).toBeNull()
    expect(dialled).toEqual([])
  })

  test('a route that is direct already has nothing to compare', async () => {
    const lab = await startLab()
    reachDirectly(lab.names)
    const diagnosis = await diagnose(lab, { proxy: false }, { compare: true })
    expect(diagnosis).toMatchObject({ ok: true, route: 'direct', comparison: null })
  })

  test('an abort ends both ways with the reason of the signal', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    reachDirectly(lab.names)
    const controller = new AbortController()
    const running = diagnose(lab, {}, { compare: true, signal: controller.signal })
    const { closed } = await lab.proxy.waitForConnection()
    const reason = new Error('enough')
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await closed
    await expect.poll(() => lab.discord.connections()).toEqual([])
  })
})
