import { describe, expect, test } from 'vitest'
import type { TransportError } from '../../src/index.js'
import { labAuthority, createCertificateAuthority } from '../lab/certificates.js'
import { FACES, failureOf, getByDispatcher } from '../support/faces.js'
import { startLab, USERS_ME, type Lab } from '../support/lab.js'

/** The failure of each face, after they have been compared. */
async function failureOnEveryFace({ transport }: Lab): Promise<TransportError> {
  const errors: TransportError[] = []
  for (const reach of Object.values(FACES)) errors.push(await failureOf(reach(transport)))
  const [first] = errors
  for (const { code, phase, hint, retryable } of errors) {
    expect({ code, phase, hint, retryable }).toEqual({
      code: first?.code,
      phase: first?.phase,
      hint: first?.hint,
      retryable: first?.retryable,
    })
  }
  if (first === undefined) throw new Error('no face')
  return first
}

describe('TLS to the proxy', () => {
  test('by an unknown authority asks for proxyTls.caFile', async () => {
    const stranger = await createCertificateAuthority('Somebody')
    const lab = await startLab({ scheme: 'https', tls: { ca: stranger } })
    const error = await failureOnEveryFace(lab)
    expect(error).toMatchObject({ code: 'ERR_PROXY_TLS', phase: 'proxy-tls', retryable: false })
    expect(error.hint).toContain('proxyTls.caFile')
    expect(error.message).toContain(lab.proxy.url)
  })

  test('with another name asks for proxyTls.servername', async () => {
    const lab = await startLab({ scheme: 'https', tls: { ca: await labAuthority(), names: ['proxy.lab'] } })
    const error = await failureOnEveryFace(lab)
    expect(error).toMatchObject({ code: 'ERR_PROXY_TLS', phase: 'proxy-tls', retryable: false })
    expect(error.hint).toContain('proxyTls.servername')
    expect(error.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('with another name works where proxyTls.servername says so', async () => {
    const ca = await labAuthority()
    const { transport } = await startLab({
      scheme: 'https',
      tls: { ca, names: ['proxy.lab'] },
      transport: { proxyTls: { ca: ca.certificate, servername: 'proxy.lab' } },
    })
    for (const reach of Object.values(FACES)) await reach(transport)
  })

  test('with an expired certificate says so', async () => {
    const lab = await startLab({ scheme: 'https', tls: { ca: await labAuthority(), expired: true } })
    const error = await failureOnEveryFace(lab)
    expect(error).toMatchObject({ code: 'ERR_PROXY_TLS', phase: 'proxy-tls' })
    expect(error.hint).toMatch(/^Renew the certificate/)
    expect(error.message).toContain('CERT_HAS_EXPIRED')
  })

  test('without the client certificate that the proxy wants names the options', async () => {
    const lab = await startLab({ scheme: 'https', tls: { ca: await labAuthority(), requestCert: true } })
    const error = await failureOnEveryFace(lab)
    expect(error).toMatchObject({ code: 'ERR_PROXY_TLS', phase: 'proxy-tls' })
    expect(error.hint).toContain('proxyTls.cert and proxyTls.key')
  })

  test('with a client certificate shows it to the proxy', async () => {
    const ca = await labAuthority()
    const { cert, key } = await ca.issue(['the bot'], { clientAuth: true })
    const { transport, proxy } = await startLab({
      scheme: 'https',
      tls: { ca, requestCert: true },
      transport: { proxyTls: { ca: ca.certificate, cert, key } },
    })
    for (const reach of Object.values(FACES)) await reach(transport)
    expect(proxy.connections[0]?.clientCertificate).toContain('the bot')
  })

  test('is not checked with proxyTls.rejectUnauthorized: false, and that counts for the proxy only', async () => {
    const stranger = await createCertificateAuthority('Somebody')
    const proxyTls = { rejectUnauthorized: false }
    const lab = await startLab({ scheme: 'https', tls: { ca: stranger }, transport: { proxyTls } })
    for (const reach of Object.values(FACES)) await reach(lab.transport)
    const distrustful = lab.createTransport({ proxyTls, tls: {} })
    expect((await failureOnEveryFace({ ...lab, transport: distrustful })).code).toBe('ERR_TARGET_TLS')
  })

  test('that is not checked leaves silence behind it what it is: the proxy not answering CONNECT', async () => {
    const stranger = await createCertificateAuthority('Somebody')
    const lab = await startLab({
      scheme: 'https',
      tls: { ca: stranger },
      fault: { kind: 'request', verb: 'silence' },
      transport: { proxyTls: { rejectUnauthorized: false }, connectTimeoutMs: 1_000 },
    })
    expect(await failureOnEveryFace(lab)).toMatchObject({ code: 'ERR_PROXY_TIMEOUT', phase: 'tunnel' })
  })
})

describe('TLS to the destination', () => {
  test('by an unknown authority says that somebody inspects TLS, and names tls.caFile', async () => {
    const error = await failureOnEveryFace(await startLab({ transport: { tls: {} } }))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls', retryable: false })
    expect(error.hint).toContain('tls.caFile')
    expect(error.hint).toContain('inspected')
  })

  test('with another name, for a host of Discord, is another server: no option is offered', async () => {
    const lab = await startLab()
    const port = lab.names.resolve('discord.com', 443)?.port ?? 0
    for (const host of ['discord.com', 'gateway.discord.gg']) {
      const cdn = lab.names.resolve('cdn.discordapp.com', 443)
      lab.names.add(host, 443, cdn ?? { host: '127.0.0.1', port })
    }
    const error = await failureOnEveryFace(lab)
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls' })
    expect(error.hint).toContain("not Discord's")
    expect(error.hint).not.toContain('servername')
  })

  test('with another name, for any other host, asks for tls.servername', async () => {
    const lab = await startLab()
    const cdn = lab.names.resolve('cdn.discordapp.com', 443)
    lab.names.add('api.example', 443, cdn ?? { host: '127.0.0.1', port: 0 })
    const error = await failureOf(lab.transport.fetch('https://api.example/'))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls' })
    expect(error.hint).toContain('tls.servername')
  })

  test('that has expired, for a host of Discord, speaks of the clock and not of a renewal', async () => {
    const ca = await labAuthority()
    const expired = { ...ca, issue: (names: readonly string[]) => ca.issue(names, { expired: true }) }
    const error = await failureOnEveryFace(await startLab({ discord: { ca: expired } }))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls' })
    expect(error.message).toContain('CERT_HAS_EXPIRED')
    expect(error.hint).toContain('clock')
    expect(error.hint).not.toMatch(/renew/i)
  })

  test('through a tunnel that leads to no TLS server speaks of a captive portal', async () => {
    const error = await failureOnEveryFace(await startLab({ fault: { kind: 'not-tls' } }))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls' })
    expect(error.hint).toContain('captive portal')
  })

  test('resumes a session: the second tunnel to a host has no full handshake', async () => {
    const { transport, proxy, headers, nextEvent } = await startLab()
    await getByDispatcher(transport, USERS_ME, headers)
    const closed = nextEvent('tunnel-close')
    proxy.cut()
    await closed
    await getByDispatcher(transport, USERS_ME, headers)
    const [first, second] = proxy.established
    expect(second?.bytesDown).toBeLessThan((first?.bytesDown ?? 0) - 300)
  })
})
