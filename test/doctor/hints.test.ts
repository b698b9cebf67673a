import { describe, expect, test } from 'vitest'
import {
  createDiscordTransport,
  type Diagnosis,
  type DiagnoseOptions,
  type TransportOptions,
} from '../../src/index.js'
import { createCertificateAuthority } from '../lab/certificates.js'
import type { LabScheme } from '../lab/proxy/index.js'
import { startLab, type Lab } from '../support/lab.js'
import { outcomeOf } from './diagnosed-faults.js'

async function diagnose(
  lab: Lab,
  options: TransportOptions = {},
  limits: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const transport = createDiscordTransport({
    proxy: lab.proxy.url,
    env: {},
    tls: { ca: lab.discord.ca },
    proxyTls: { ca: lab.ca.certificate },
    connectTimeoutMs: 1_500,
    ...options,
  })
  try {
    return await transport.diagnose({ inContainer: false, ...limits })
  } finally {
    await transport.close()
  }
}

const SPOKEN = ['http', 'https', 'socks4a', 'socks5'] as const satisfies readonly LabScheme[]

describe('the URL that the doctor prints for a wrong scheme works', () => {
  for (const scheme of SPOKEN) {
    for (const wrong of SPOKEN) {
      if (wrong === scheme) continue
      test(`${wrong}:// written for a proxy that speaks ${scheme}`, async () => {
        const lab = await startLab({ scheme })
        const proxy = `${wrong}://127.0.0.1:${lab.proxy.port}`
        // A server that waits for more of the wrong protocol is one more second of silence.
        const first = await diagnose(lab, { proxy, connectTimeoutMs: 500 }, { timeoutMs: 1_500 })
        expect(first.ok).toBe(false)
        expect(first.fix).toMatchObject({ option: 'proxy', flag: '--proxy-url' })
        expect(first.fix?.text).toContain(first.fix?.value)
        const second = await diagnose(lab, { proxy: first.fix?.value ?? '' })
        expect(outcomeOf(second)).toBe('works')
      })
    }
  }
})

describe('a hint that is followed makes the next run pass', () => {
  for (const scheme of SPOKEN) {
    test(`${scheme}: a proxy that wants credentials gets them`, async () => {
      const auth = { username: 'bot', password: scheme === 'socks4a' ? '' : 'p@ss' }
      const lab = await startLab({ scheme, auth })
      const first = await diagnose(lab, { proxy: lab.proxy.urlWithoutCredentials })
      expect(outcomeOf(first)).toBe('ERR_PROXY_AUTH proxy-auth')
      const value = first.fix?.value ?? ''
      const proxy = value.replace('USER', 'bot').replace('PASSWORD', encodeURIComponent('p@ss'))
      expect(outcomeOf(await diagnose(lab, { proxy }))).toBe('works')
    })
  }

  test('an https proxy of a private authority: proxyTls.caFile', async () => {
    const lab = await startLab({ scheme: 'https' })
    const first = await diagnose(lab, { proxyTls: {} })
    expect(outcomeOf(first)).toBe('ERR_PROXY_TLS proxy-tls')
    expect(first.fix).toMatchObject({ option: 'proxyTls.caFile', flag: '--proxy-ca-file', value: null })
    expect(first.fix?.text).toContain('"Lab root"')
    expect(outcomeOf(await diagnose(lab))).toBe('works')
  })

  test('TLS inspection: its issuer is named, and tls.caFile lets it through', async () => {
    const inspector = await createCertificateAuthority('Corporate Inspection CA')
    const lab = await startLab({ discord: { ca: inspector } })
    const first = await diagnose(lab, { tls: {} })
    expect(outcomeOf(first)).toBe('ERR_TARGET_TLS target-tls')
    const hop = first.hops.find(({ id }) => id === 'target-tls')
    expect(hop?.hint).toContain('inspected')
    expect(hop?.detail).toContain('issued by Corporate Inspection CA')
    expect(first.fix).toMatchObject({ option: 'tls.caFile', flag: '--tls-ca-file' })
    expect(first.fix?.text).toContain('Corporate Inspection CA')
    expect(outcomeOf(await diagnose(lab, { tls: { ca: inspector.certificate } }))).toBe('works')
  })

  test('a SOCKS proxy that resolves no names: dns: local is what the hint says', async () => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 8 } })
    const { hops } = await diagnose(lab)
    expect(hops.find(({ id }) => id === 'tunnel')?.hint).toContain("dns: 'local'")
  })
})

describe('behind the tunnel', () => {
  test('with a token the doctor sees who the bot is, its shards, and READY', async () => {
    const lab = await startLab()
    const before = lab.discord.gateway.sessionStarts.remaining
    const { hops, ok } = await diagnose(lab, {}, { token: lab.discord.token })
    expect(ok).toBe(true)
    const details = Object.fromEntries(hops.map(({ id, detail }) => [id, detail]))
    expect(details['identity']).toBe(`bot ${lab.discord.user.id}`)
    expect(details['gateway-bot']).toMatch(/^1 shard, \d+ of 1000 session starts left$/)
    expect(hops.at(-1)).toMatchObject({ id: 'ready', status: 'ok' })
    // One start is used; the session is ended and not left to time out.
    expect(lab.discord.gateway.sessionStarts.remaining).toBe(before - 1)
    expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(1000)
    expect(lab.discord.gateway.sessions).toEqual([])
  })

  test('a token that Discord refuses is named as that, and is shown nowhere', async () => {
    const lab = await startLab()
    const token = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GlAbT0.this-is-no-token-of-any-bot-0123456789'
    const diagnosis = await diagnose(lab, {}, { token })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_TOKEN identity')
    expect(diagnosis.hops.find(({ id }) => id === 'ready')?.status).toBe('not-reached')
    expect(JSON.stringify(diagnosis)).not.toContain(token)
  })

  test('no session start left: IDENTIFY is not sent', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway/bot', () => ({
      json: {
        url: 'wss://gateway.discord.gg',
        shards: 1,
        session_start_limit: { total: 1_000, remaining: 0, reset_after: 1, max_concurrency: 1 },
      },
    }))
    const { hops, ok } = await diagnose(lab, {}, { token: lab.discord.token })
    expect(ok).toBe(false)
    expect(hops.at(-1)).toMatchObject({ status: 'not-reached', detail: 'no session start is left today' })
    expect(lab.discord.gateway.identifies).toEqual([])
  })

  test.each([
    [429, 'ERR_DISCORD_RATE_LIMIT'],
    [403, 'ERR_DISCORD_REFUSED'],
    [503, 'ERR_DISCORD_UNAVAILABLE'],
  ])('a %i of Discord is Discord’s: %s', async (status, code) => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => ({ status, body: 'no' }))
    expect(outcomeOf(await diagnose(lab))).toBe(`${code} rest`)
  })

  test('a login page in place of the API is not taken for Discord', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => ({ body: '<html>Please log in</html>' }))
    expect(outcomeOf(await diagnose(lab))).toBe('ERR_DISCORD_ANSWER rest')
  })

  test('a gateway that refuses the upgrade is one failed hop; REST is still seen to work', async () => {
    const lab = await startLab()
    lab.discord.gateway.refuseUpgradeOnce({ status: 502 })
    const { hops } = await diagnose(lab)
    const status = Object.fromEntries(hops.map((hop) => [hop.id, hop.status]))
    expect(status).toMatchObject({ rest: 'ok', gateway: 'failed', cdn: 'ok' })
  })

  test('a READY that never comes is a failed hop within the time', async () => {
    const lab = await startLab()
    const transport = lab.createTransport()
    const running = transport.diagnose({ token: lab.discord.token, timeoutMs: 1_500, inContainer: false })
    const connection = await lab.discord.gateway.waitForConnection()
    connection.freeze()
    expect(outcomeOf(await running)).toMatch(/^ERR_TARGET_TIMEOUT (gateway|ready)$/)
  })
})

describe('a diagnosis is bounded', () => {
  test('silence everywhere and the default limits: under 15 seconds', { timeout: 30_000 }, async () => {
    const silent = await startLab({ scheme: 'socks5', fault: { kind: 'accept', verb: 'silence' } })
    const mute = await startLab({ fault: { kind: 'tunnel-silence' } })
    const stalled = await startLab()
    stalled.discord.rest.intercept('GET /gateway', () => ({ stall: true }))
    stalled.discord.gateway.stallUpgradeOnce()
    const limits = { connectTimeoutMs: 10_000 }
    const all = await Promise.all([silent, mute, stalled].map((lab) => diagnose(lab, limits)))
    for (const { ms, ok } of all) {
      expect(ok).toBe(false)
      expect(ms).toBeLessThan(15_000)
    }
  })

  test('an abort ends it with the reason of the signal, and leaves no connection', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const reason = new Error('enough')
    const controller = new AbortController()
    const running = diagnose(lab, {}, { signal: controller.signal })
    const { closed } = await lab.proxy.waitForConnection()
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await closed
  })

  test('every hop has its time, and they lie within the whole', async () => {
    const lab = await startLab({ scheme: 'https', delayMs: 20 })
    const { hops, ms } = await diagnose(lab)
    const timed = hops.filter((hop) => hop.ms !== null)
    expect(timed.map(({ id }) => id)).toEqual([
      'proxy-connect',
      'proxy-tls',
      'tunnel',
      'target-tls',
      'rest',
      'gateway',
      'cdn',
    ])
    for (const hop of timed) expect((hop.startMs ?? 0) + (hop.ms ?? 0)).toBeLessThanOrEqual(ms + 1)
    // Two flights over a wire of 20 ms each way.
    expect(hops.find(({ id }) => id === 'tunnel')?.ms).toBeGreaterThan(30)
  })

  test('progress tells of every hop when it begins and when it has ended', async () => {
    const lab = await startLab()
    const seen: string[] = []
    await diagnose(lab, {}, { onProgress: ({ id, status }) => seen.push(`${id} ${status}`) })
    for (const id of ['tunnel', 'target-tls', 'rest', 'gateway', 'cdn']) {
      expect(seen.indexOf(`${id} running`)).toBeGreaterThan(-1)
      expect(seen.indexOf(`${id} ok`)).toBeGreaterThan(seen.indexOf(`${id} running`))
    }
  })
})

test('a diagnosis uses connections of its own: the transport counts none', async () => {
  const lab = await startLab()
  await lab.transport.diagnose({ inContainer: false })
  expect(lab.transport.stats().tunnels.opened).toBe(0)
})
