import { describe, expect, test } from 'vitest'
import { createCertificateAuthority } from '../../lab/certificates.js'
import type { LabScheme } from '../../lab/proxy/index.js'
import { startLab } from '../../support/lab.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const SPOKEN = ['http', 'https', 'socks4a', 'socks5'] as const satisfies readonly LabScheme[]

describe('the URL that the doctor prints for a wrong scheme works', () => {
  for (const scheme of SPOKEN) {
    for (const wrong of SPOKEN) {
      if (wrong === scheme) continue
      test(`${wrong}:// written for a proxy that speaks ${scheme}`, async () => {
        const lab = await startLab({ scheme })
        const proxy = `${wrong}://127.0.0.1:${lab.proxy.port}`
        // A server that waits for more of the wrong protocol is one more second of silence.
        const first = await diagnose(lab, { proxy, connectTimeoutMs: 500 })
        expect(first.ok).toBe(false)
        expect(first.fix).toMatchObject({ option: 'proxy', flag: '--proxy-url' })
        expect(first.fix?.text).toContain(`the URL says ${wrong}://. Use ${first.fix?.value}`)
        const second = await diagnose(lab, { proxy: first.fix?.value ?? '' })
        expect(outcomeOf(second)).toBe('works')
      })
    }
  }
})

test('the URL for a wrong scheme says that there are credentials, and not which', async () => {
  const lab = await startLab({ scheme: 'http', auth: { username: 'bot', password: 'p@ss' } })
  const at = `127.0.0.1:${lab.proxy.port}`
  for (const [credentials, mask] of [
    ['bot:p%40ss', '***:***'],
    ['bot', '***'],
  ]) {
    const { fix } = await diagnose(lab, { proxy: `socks5://${credentials}@${at}` })
    expect(fix?.value).toBe(`http://${mask}@${at}`)
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

  test('a proxy that refuses the credentials of its URL: the advice is not to write some', async () => {
    const lab = await startLab({ auth: { username: 'bot', password: 'p@ss' } })
    const diagnosis = await diagnose(lab, { proxy: `http://bot:wrong@127.0.0.1:${lab.proxy.port}` })
    expect(outcomeOf(diagnosis)).toBe('ERR_PROXY_AUTH proxy-auth')
    expect(diagnosis.fix).toBeNull()
  })

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

  test.each(['library', 'command'] as const)(
    'the certificate of another host for discord.com is an impostor’s: the %s is told to accept nothing',
    async (audience) => {
      const lab = await startLab()
      const cdn = lab.names.resolve('cdn.discordapp.com', 443)
      lab.names.add('discord.com', 443, cdn ?? { host: '127.0.0.1', port: 0 })
      const diagnosis = await diagnose(lab, {}, { audience })
      expect(outcomeOf(diagnosis)).toBe('ERR_TARGET_TLS target-tls')
      const { hint, detail } = hopOf(diagnosis, 'target-tls')
      expect(hint).toContain('Do not accept it')
      expect(detail).toContain('cdn.discordapp.com')
      expect(diagnosis.fix).toBeNull()
      expect(JSON.stringify(diagnosis)).not.toContain('servername')
    },
  )

  test.each([
    ['library', 'connectTimeoutMs'],
    ['command', '--timeout-ms'],
  ] as const)('a silent proxy: the %s is told to raise %s', async (audience, name) => {
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const diagnosis = await diagnose(lab, { connectTimeoutMs: 300 }, { audience, timeoutMs: 1_000 })
    expect(hopOf(diagnosis, 'tunnel').hint).toContain(name)
  })

  test('a SOCKS proxy that resolves no names: dns: local is what the hint says', async () => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 8 } })
    const { hops } = await diagnose(lab)
    expect(hops.find(({ id }) => id === 'tunnel')?.hint).toContain("dns: 'local'")
  })
})
