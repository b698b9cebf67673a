import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { RequestError, Server as PermissiveProxy } from 'proxy-chain'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  validateProxy,
  type PolicyCheck,
  type ProxyValidation,
  type ValidateOptions,
  type ValidationCheck,
} from '../../../src/index.js'
import { DENIED_NAMES, DENIED_RANGES } from '../../../src/doctor/index.js'
import { freePort } from '../../support/free-port.js'
import { startLab, type Lab } from '../../support/lab.js'
import { addExampleCom } from './example-com.js'

async function validate(lab: Lab, options: ValidateOptions = {}): Promise<ProxyValidation> {
  return validateProxy({
    proxyUrl: lab.proxy.url,
    env: {},
    tls: { ca: lab.discord.ca },
    proxyTls: { ca: lab.ca.certificate },
    timeoutMs: 2_000,
    ...options,
  })
}

/** A real HTTP proxy that opens and forwards everything except what `refuse` names. */
async function startPermissive(
  refuse: (request: { isHttp: boolean }) => boolean = () => false,
): Promise<string> {
  const server = new PermissiveProxy({
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction: ({ isHttp }) => {
      if (refuse({ isHttp })) throw new RequestError('refused', 403)
      return undefined
    },
  })
  await server.listen()
  onTestFinished(() => server.close(true))
  return `http://127.0.0.1:${server.port}`
}

/**
 * A server that refuses CONNECT with 403. Any request is answered with the status at the end of its path, or 403, and
 * with the header by which squid marks the answers that it makes. It can be the proxy, or a site that forges the header.
 */
async function startMarked(): Promise<string> {
  const server = createHttpServer(({ url = '' }, response) => {
    const status = Number(/\/([45]\d\d)$/.exec(url)?.[1] ?? 403)
    response.writeHead(status, { 'x-squid-error': 'ERR_ACCESS_DENIED 0' }).end()
  }).on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const summary = ({ checks }: ProxyValidation): unknown =>
  checks.map(({ kind, ok, status }) => [kind, ok, status])

describe('without destinations', () => {
  test.each(['http', 'https', 'socks4a', 'socks5'] as const)(
    '%s: Discord and example.com are let through, and loopback is not reached',
    async (scheme) => {
      const lab = await startLab({ scheme })
      await addExampleCom(lab)
      const result = await validate(lab)
      expect(result.config).toEqual({
        enabled: true,
        proxyUrl: lab.proxy.url,
        source: 'config',
        errors: [],
      })
      expect(result.checks.map(({ kind, ok }) => [kind, ok])).toEqual([
        ['allowed', true],
        ['allowed', true],
        ['canary', true],
      ])
      expect(result.ok).toBe(true)
    },
  )

  test('a proxy that opens a tunnel to loopback fails: the token of the canary came back', async () => {
    const lab = await startLab()
    const { ok, checks } = await validate(lab, { proxyUrl: await startPermissive(), allowedUrls: [] })
    expect(ok).toBe(false)
    expect(checks).toMatchObject([{ kind: 'canary', ok: false, status: 200 }])
    expect(checks[0]?.error).toContain('by CONNECT')
  })

  test('a proxy that refuses CONNECT to loopback and forwards a plain request there fails', async () => {
    const lab = await startLab()
    const proxyUrl = await startPermissive(({ isHttp }) => !isHttp)
    const { ok, checks } = await validate(lab, { proxyUrl, allowedUrls: [] })
    expect(ok).toBe(false)
    expect(checks[0]?.error).toContain('by a plain request')
  })

  test('the status of a plain request to the canary stays where squid marks the answer as its own', async () => {
    const { checks } = await validateProxy({ env: {}, proxyUrl: await startMarked(), allowedUrls: [] })
    expect(checks).toMatchObject([{ kind: 'canary', ok: true, status: 403, error: 'refused with 403' }])
  })

  test('a destination that cannot be reached fails', async () => {
    const lab = await startLab()
    const result = await validate(lab)
    expect(result.ok).toBe(false)
    expect(summary(result)).toEqual([
      ['allowed', true, 200],
      ['allowed', false, null],
      ['canary', true, expect.any(Number)],
    ])
  })
})

describe('the canary needs a proof that the proxy works', () => {
  const canaryOf = async (options: ValidateOptions): Promise<ValidationCheck | undefined> => {
    const { checks } = await validateProxy({ env: {}, allowedUrls: [], timeoutMs: 500, ...options })
    return checks.find(({ kind }) => kind === 'canary')
  }

  test('a proxy that is down does not pass, although it reaches nothing', async () => {
    for (const scheme of ['http', 'socks5'])
      expect(await canaryOf({ proxyUrl: `${scheme}://127.0.0.1:${await freePort()}` })).toMatchObject({
        ok: false,
        error: expect.stringMatching(/^inconclusive: .*ECONNREFUSED/) as unknown,
      })
  })

  test.each([
    ['is silent', { fault: { kind: 'accept', verb: 'silence' } }],
    ['answers 503 to everything', { fault: { kind: 'status', status: 503 } }],
    ['reports a general failure', { scheme: 'socks5', fault: { kind: 'socks-reply', code: 1 } }],
  ] as const)('a proxy that %s does not pass', async (_title, options) => {
    const lab = await startLab(options)
    expect(await canaryOf({ proxyUrl: lab.proxy.url })).toMatchObject({ ok: false })
  })

  test.each([
    ['403', { fault: { kind: 'status', status: 403 } }],
    ['SOCKS5 reply 2', { scheme: 'socks5', fault: { kind: 'socks-reply', code: 2 } }],
  ] as const)('%s is a proof: the proxy refuses', async (_title, options) => {
    const lab = await startLab(options)
    expect(await canaryOf({ proxyUrl: lab.proxy.url })).toMatchObject({ ok: true })
  })

  test('an allowed destination that works is a proof', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const { checks } = await validate(lab, { allowedUrls: ['https://discord.com/api/v10/gateway'] })
    expect(checks).toMatchObject([
      { kind: 'allowed', ok: true },
      { kind: 'canary', ok: true },
    ])
  })
})

describe('with destinations', () => {
  test('a status other than 2xx is not "let through"', async () => {
    const lab = await startLab()
    const result = await validate(lab, { allowedUrls: ['https://discord.com/api/v10/users/@me'] })
    expect(result.checks[0]).toMatchObject({ ok: false, status: 401 })
  })

  test('a denied URL that answers was reached, whatever it answers', async () => {
    const lab = await startLab()
    const result = await validate(lab, {
      allowedUrls: [],
      deniedUrls: ['https://discord.com/api/v10/gateway', 'https://discord.com/api/v10/users/@me'],
    })
    expect(summary(result)).toEqual([
      ['denied', false, 200],
      ['denied', false, 401],
    ])
  })

  test('a denied URL that fails by itself is inconclusive, and that is a failure', async () => {
    const lab = await startLab()
    const result = await validate(lab, { allowedUrls: [], deniedUrls: ['https://nowhere.example/'] })
    expect(result.ok).toBe(false)
    expect(result.checks[0]?.error).toMatch(/^inconclusive: ERR_TARGET_UNREACHABLE/)
  })

  test('a denied URL passes when the proxy refuses it', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: ['https://intranet.example/'] })
    expect(result.ok).toBe(true)
    expect(result.checks[0]?.error).toMatch(/^ERR_PROXY_DENIED/)
  })

  test('rules for CONNECT alone do not pass: a plain request for an http:// URL is answered', async () => {
    const lab = await startLab()
    const proxyUrl = await startPermissive(({ isHttp }) => !isHttp)
    const intranet = createHttpServer((_request, response) => response.end('payroll')).listen(0, '127.0.0.1')
    await once(intranet, 'listening')
    onTestFinished(async () => {
      intranet.close()
      intranet.closeAllConnections()
      await once(intranet, 'close')
    })
    const { port } = intranet.address() as AddressInfo
    const deniedUrls = [`http://127.0.0.1:${port}/`]
    const { ok, checks } = await validate(lab, { proxyUrl, allowedUrls: [], deniedUrls })
    expect(ok).toBe(false)
    expect(checks[0]).toMatchObject({ status: 200, error: 'was reached by a plain request: it answered 200' })
  })

  test('a 403 to a plain request may come from the destination: inconclusive', async () => {
    const lab = await startLab()
    const proxyUrl = await startPermissive(() => true)
    const deniedUrls = ['http://intranet.example/']
    const { ok, checks } = await validate(lab, { proxyUrl, allowedUrls: [], deniedUrls })
    expect(ok).toBe(false)
    expect(checks[0]).toMatchObject({ status: 403 })
    expect(checks[0]?.error).toMatch(/^inconclusive: 403 by a plain request/)
  })

  test.each<[string, number[], (marked: string) => Promise<[proxyUrl: string, site: string]>]>([
    [
      'a site forges',
      [403, 429, 503],
      async (site) => [await startPermissive(({ isHttp }) => !isHttp), site],
    ],
    ['squid sets', [403, 407], (proxyUrl) => Promise.resolve([proxyUrl, 'http://intranet.example'])],
  ])('an answer to a plain request is no refusal: %s X-Squid-Error', async (_title, statuses, places) => {
    const [proxyUrl, site] = await places(await startMarked())
    const deniedUrls = statuses.map((status) => `${site}/${status}`)
    const result = await validateProxy({ env: {}, proxyUrl, allowedUrls: [], deniedUrls })
    expect(summary(result)).toEqual(statuses.map((status) => ['denied', false, status]))
    for (const { status, error } of result.checks)
      expect(error).toMatch(new RegExp(`^inconclusive: ${status} by a plain request`))
  })

  test('"too many requests" is no refusal of this destination', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 429 } })
    const deniedUrls = ['https://intranet.example/']
    const { checks } = await validate(lab, { allowedUrls: [], deniedUrls, policy: true })
    expect(checks.filter(({ ok }) => ok)).toEqual([])
  })

  test('each destination has the whole time, however many there are', async () => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const deniedUrls = Array.from({ length: 9 }, (_, nth) => `https://host${nth}.example/`)
    const { checks } = await validate(lab, { allowedUrls: [], deniedUrls, timeoutMs: 300 })
    // A destination that is out of time before its turn would not be asked for.
    expect(new Set(checks.map(({ error }) => error?.replace(/host\d/, 'host')))).toHaveLength(1)
    expect(checks[8]?.error).toContain('ERR_PROXY_TIMEOUT')
    expect(lab.proxy.connections).toHaveLength(9)
  })

  test('a destination that says nothing is named by the time that it had', async () => {
    const lab = await startLab()
    const silent = createHttpServer().on('request', () => undefined)
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => new Promise((resolve) => silent.close(() => resolve())))
    const { port } = silent.address() as AddressInfo
    const refused = await startPermissive(({ isHttp }) => !isHttp)
    const open = await startPermissive()
    for (const proxyUrl of [open, refused]) {
      const deniedUrls = [`http://127.0.0.1:${port}/`]
      const { checks } = await validate(lab, { proxyUrl, allowedUrls: [], deniedUrls, timeoutMs: 150 })
      expect(checks).toMatchObject([{ ok: false, error: 'inconclusive: no answer within 150 ms' }])
    }
  })

  test('an answer that breaks off is not "let through"', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => ({ apply: true, cut: { afterBytes: 5 } }))
    const { checks } = await validate(lab, { allowedUrls: ['https://discord.com/api/v10/gateway'] })
    expect(checks[0]).toMatchObject({ ok: false, status: 200 })
    expect(checks[0]?.error).toMatch(/^its answer broke off: ERR_CONNECTION_LOST/)
  })

  test('the refusal of SOCKS4 is ambiguous, and so inconclusive', async () => {
    const lab = await startLab({ scheme: 'socks4a', fault: { kind: 'socks-reply', code: 0x5b } })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: ['https://intranet.example/'] })
    expect(result.ok).toBe(false)
    expect(result.checks[0]?.error).toMatch(/^inconclusive/)
  })

  test.each<[string, ValidateOptions]>([
    ['deniedUrls: must be an array', { deniedUrls: ['intranet'] }],
    ['allowedUrls: must be an array', { allowedUrls: ['ftp://me:hunter2@intranet/'] }],
    // JavaScript lets them through.
    ['deniedUrls: must be an array', JSON.parse('{"deniedUrls":"https://intranet/"}') as ValidateOptions],
    ['allowedUrls: must be an array', JSON.parse('{"allowedUrls":{}}') as ValidateOptions],
    ['timeoutMs: must be a whole number', { timeoutMs: 0 }],
    ['timeoutMs: must be a whole number', { timeoutMs: NaN }],
    ['timeoutMs: must be a whole number', JSON.parse('{"timeoutMs":"5000"}') as ValidateOptions],
  ])('an option that is not usable is an error of the caller: %s', async (message, options) => {
    const refused = validateProxy({ env: {}, ...options })
    await expect(refused).rejects.toMatchObject({ code: 'ERR_PROXY_CONFIG' })
    await expect(refused).rejects.toThrow(message)
    await expect(refused).rejects.not.toThrow('hunter2')
  })

  test('what onCheck throws ends the validation, and nothing is asked for any more', async () => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 2 } })
    const reason = new Error('enough')
    let told = 0
    const onCheck = (): void => {
      told += 1
      throw reason
    }
    await expect(validate(lab, { policy: true, onCheck })).rejects.toBe(reason)
    expect(told).toBeLessThanOrEqual(8)
    expect(lab.proxy.connections.length).toBeLessThanOrEqual(8)
  })
})

describe('configuration', () => {
  test('no proxy is a failure, not a direct connection', async () => {
    const result = await validateProxy({ env: {} })
    expect(result).toMatchObject({
      ok: false,
      config: { enabled: false, proxyUrl: null, source: null },
      checks: [],
    })
    expect(result.config.errors[0]).toContain('no proxy was found')
  })

  test('a variable that is not usable is named without its value', async () => {
    const result = await validateProxy({ env: { HTTPS_PROXY: 'ftp://user:hunter2@host' } })
    expect(result.config.errors[0]).toContain('HTTPS_PROXY')
    expect(JSON.stringify(result)).not.toContain('hunter2')
  })

  test('NO_PROXY opens no way around the proxy', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const result = await validate(lab, {
      proxyUrl: undefined,
      env: { HTTPS_PROXY: lab.proxy.url, NO_PROXY: '*' },
      allowedUrls: ['https://discord.com/api/v10/gateway'],
    })
    expect(result.config.source).toBe('HTTPS_PROXY')
    expect(result.checks[0]?.error).toMatch(/^ERR_PROXY_DENIED/)
  })

  test('credentials are shown nowhere', async () => {
    const auth = { username: 'us@er', password: 'p@ss/w%rd' }
    const lab = await startLab({ auth })
    await addExampleCom(lab)
    const result = await validate(lab, {
      deniedUrls: [
        'https://me:s3cret-s3cret@discord.com/api/v10/gateway?token=s3cret-s3cret',
        'https://discord.com/api/v10/webhooks/1/s3cret-s3cret',
      ],
    })
    expect(result.checks.map(({ ok }) => ok)).toEqual([true, true, false, false])
    const shown = JSON.stringify(result)
    for (const secret of [...Object.values(auth), encodeURIComponent(auth.password), 's3cret'])
      expect(shown).not.toContain(secret)
  })
})

describe('policy', () => {
  const policyOf = ({ checks }: ProxyValidation): readonly PolicyCheck[] =>
    checks.flatMap((check) => ('verdict' in check ? [check] : []))

  test('every range and every name is tried through the proxy, and a refusal passes', async () => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 2 } })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: [], policy: true })
    expect(result.ok).toBe(true)
    expect(policyOf(result).map(({ destination }) => destination)).toEqual([
      ...DENIED_RANGES.map(({ cidr }) => cidr),
      ...DENIED_NAMES.map(({ name }) => name),
    ])
    expect(new Set(policyOf(result).map(({ verdict }) => verdict))).toEqual(new Set(['denied']))
    expect(lab.proxy.connections).toHaveLength(DENIED_RANGES.length + DENIED_NAMES.length)
  })

  test('"cannot reach" is not "will not": inconclusive, and so a failure', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 503 } })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: [], policy: true })
    expect(result.ok).toBe(false)
    expect(new Set(policyOf(result).map(({ verdict }) => verdict))).toEqual(new Set(['inconclusive']))
  })

  test.each([
    ['general failure', 1, 'inconclusive'],
    ['network unreachable, for loopback too', 3, 'blocked'],
    ['host unreachable, for loopback too', 4, 'blocked'],
    ['connection refused by the destination', 5, 'inconclusive'],
    ['address type not supported', 8, 'blocked'],
  ])('SOCKS5 "%s": %i is %s', async (_title, code, verdict) => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code } })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: [], policy: true })
    const ranges = policyOf(result).filter(({ destination }) => destination.includes('/'))
    expect(new Set(ranges.map((check) => check.verdict))).toEqual(new Set([verdict]))
    expect(new Set(ranges.map(({ ok }) => ok))).toEqual(new Set([verdict === 'blocked']))
  })

  test.each([
    ['IPv4', '127.0.0.1', '10.0.0.0/8', 'fc00::/7'],
    ['IPv6', '::1', 'fc00::/7', '10.0.0.0/8'],
  ])(
    'a proxy that reaches its own loopback over %s alone blocks the other family alone',
    async (_family, loopback, down, blocked) => {
      const lab = await startLab({ scheme: 'socks5' })
      // Nothing listens there: the proxy says so, and all else is "host unreachable".
      lab.names.add(loopback, 443, { host: '127.0.0.1', port: await freePort() })
      const result = await validate(lab, { allowedUrls: [], deniedUrls: [], policy: true })
      const verdicts = Object.fromEntries(policyOf(result).map((check) => [check.destination, check.verdict]))
      expect(verdicts).toMatchObject({ [down]: 'inconclusive', [blocked]: 'blocked' })
    },
  )

  test('what is added must be refused, and what is excepted must not', async () => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 2 } })
    const result = await validate(lab, {
      allowedUrls: [],
      deniedUrls: [],
      policy: true,
      also: ['203.0.114.0/24', 'intranet.example'],
      except: ['10.0.0.0/30:8443', '127.0.0.0/8'],
    })
    const byDestination = new Map(policyOf(result).map((check) => [check.destination, check]))
    expect(byDestination.get('203.0.114.0/24')).toMatchObject({ ok: true, url: '203.0.114.1:443' })
    expect(byDestination.get('intranet.example')).toMatchObject({ ok: true })
    expect(byDestination.get('10.0.0.0/30:8443')).toMatchObject({ ok: false, url: '10.0.0.1:8443' })
    expect(byDestination.get('127.0.0.0/8')).toMatchObject({
      ok: false,
      verdict: 'denied',
      category: 'exception',
    })
    // Another port of the excepted range stays denied.
    expect(byDestination.get('10.0.0.0/8')).toMatchObject({ ok: true, url: '10.0.0.1:443' })
  })

  test('without policy: true there is nothing to add to', async () => {
    await expect(validateProxy({ env: {}, also: ['1.2.3.4'] })).rejects.toThrow(
      'also: is a part of the policy',
    )
  })

  test('a tunnel that opens is a failure, and nothing is sent into it', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    // A service in a denied range that records what it receives.
    const heard: Buffer[] = []
    const server = createServer().listen(0, '127.0.0.1')
    server.on('connection', (socket) => socket.on('data', (chunk: Buffer) => heard.push(chunk)))
    await once(server, 'listening')
    onTestFinished(async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    const { port } = server.address() as AddressInfo
    lab.names.add('169.254.169.254', 443, { host: '127.0.0.1', port })
    const result = await validate(lab, { allowedUrls: [], deniedUrls: [], policy: true })
    const reached = policyOf(result).filter(({ verdict }) => verdict === 'reached')
    expect(reached).toContainEqual(
      expect.objectContaining({ destination: '169.254.0.0/16', category: 'link-local', ok: false }),
    )
    expect(heard).toEqual([])
  })
})

describe('a list of proxies', () => {
  test('is checked one by one: a denied URL must be refused by every one', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const open = await lab.startProxy({ scheme: 'socks5' })
    const deniedUrls = ['https://discord.com/']
    const proxyUrl = [lab.proxy.url, { url: open.url }]
    const result = await validate(lab, { proxyUrl, allowedUrls: [], deniedUrls })
    expect(result.ok).toBe(false)
    expect(result.config).toMatchObject({ proxyUrl: lab.proxy.url, proxyUrls: [lab.proxy.url, open.url] })
    expect(result.checks.map(({ proxy, ok }) => [proxy, ok])).toEqual([
      [lab.proxy.url, true],
      [open.url, false],
    ])
    open.fault = { kind: 'socks-reply', code: 2 }
    expect(await validate(lab, { proxyUrl, allowedUrls: [], deniedUrls })).toMatchObject({ ok: true })
  })
})
