import { describe, expect, test } from 'vitest'
import { failureOf, FACES } from '../support/faces.js'
import { labAuthority } from '../lab/certificates.js'
import { startLab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'

const SCHEMES = ['http', 'https', 'socks4a', 'socks5'] as const

describe.each(SCHEMES)('an %s proxy that cannot be reached', (scheme) => {
  test('on a port where nothing listens is ERR_PROXY_UNREACHABLE with ECONNREFUSED in the message', async () => {
    const { proxy, transport } = await startLab({ scheme })
    await proxy.close()
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({
        code: 'ERR_PROXY_UNREACHABLE',
        phase: 'proxy-connect',
        proxy: proxy.url,
        retryable: true,
        cause: { code: 'ECONNREFUSED' },
      })
      expect(error.message).toContain('ECONNREFUSED')
      expect(error.hint).toContain('listens on this host and port')
    }
  })

  test('under a name that does not exist is ERR_PROXY_UNREACHABLE in proxy-dns', async () => {
    const dns = LocalDns.install()
    const { createTransport } = await startLab({ scheme })
    const transport = createTransport({ proxy: `${scheme}://proxy.invalid:8080` })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: 'ERR_PROXY_UNREACHABLE', phase: 'proxy-dns' })
      expect(error.message).toContain('ENOTFOUND')
      expect(error.hint).toContain('host in the proxy URL')
    }
    expect(new Set(dns.queries)).toEqual(new Set(['proxy.invalid']))
  })

  test('under a name with an address works, and only that name is looked up', async () => {
    const dns = LocalDns.install({ 'proxy.lab': '127.0.0.1' })
    const { createTransport, proxy, ca } = await startLab({
      scheme,
      ...(scheme === 'https' ? { tls: { ca: await labAuthority(), names: ['proxy.lab'] } } : {}),
    })
    const transport = createTransport({
      proxy: `${scheme}://proxy.lab:${proxy.port}`,
      proxyTls: { ca: ca.certificate },
    })
    await FACES.dispatcher(transport)
    expect(dns.queries).toEqual(['proxy.lab'])
    expect(dns.leaked).toBe(0)
  })
})
