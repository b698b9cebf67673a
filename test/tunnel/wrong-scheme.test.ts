import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { LabScheme } from '../lab/proxy/index.js'
import { FACES, failureOf } from '../support/faces.js'
import { startLab, type LabOptions } from '../support/lab.js'

/** The scheme in the URL, what really listens there, the failure, and the scheme that the hint advises. */
const MISTAKES: readonly [
  written: string,
  real: LabScheme,
  failure: string,
  advice: string,
  extra?: LabOptions,
][] = [
  ['http', 'socks5', 'ERR_PROXY_PROTOCOL tunnel', 'socks5://'],
  ['http', 'socks5', 'ERR_PROXY_PROTOCOL tunnel', 'socks5://', { foreign: 'no acceptable method' }],
  ['http', 'socks4a', 'ERR_PROXY_PROTOCOL tunnel', 'socks5://'],
  ['http', 'https', 'ERR_PROXY_PROTOCOL tunnel', 'https://'],
  ['https', 'http', 'ERR_PROXY_TLS proxy-tls', 'http://'],
  ['https', 'socks5', 'ERR_PROXY_TLS proxy-tls', 'socks5://'],
  ['socks5', 'http', 'ERR_PROXY_PROTOCOL tunnel', 'http://'],
  ['socks4a', 'http', 'ERR_PROXY_PROTOCOL tunnel', 'http://'],
  // A TLS server waits for the rest of what it takes for a long record.
  ['socks5', 'https', 'ERR_PROXY_TIMEOUT tunnel', 'speaks the scheme of the URL'],
  ['socks5', 'socks4a', 'ERR_PROXY_PROTOCOL tunnel', 'socks4a://'],
  ['socks4a', 'socks5', 'ERR_PROXY_PROTOCOL tunnel', 'socks5://'],
]

describe('a wrong scheme in the proxy URL', () => {
  test.each(MISTAKES)(
    '%s:// for an %s proxy is %s and advises %s',
    async (written, real, expected, advice, extra) => {
      const { proxy, createTransport } = await startLab({ scheme: real, ...extra })
      const transport = createTransport({
        proxy: `${written}://127.0.0.1:${proxy.port}`,
        ...(expected.includes('_TIMEOUT') ? { connectTimeoutMs: 400 } : {}),
      })
      for (const reach of Object.values(FACES)) {
        const { code, phase, hint } = await failureOf(reach(transport))
        expect(`${code} ${phase}`).toBe(expected)
        expect(hint).toContain(advice)
      }
    },
  )

  test('is not suspected where HTTP was written and HTTP is spoken', async () => {
    const { transport, proxy } = await startLab({ fault: { kind: 'malformed-header', line: 'no header' } })
    for (const fault of [proxy.fault, { kind: 'status', status: 999 } as const]) {
      proxy.fault = fault
      const { code, hint } = await failureOf(FACES.fetch(transport))
      expect(code).toBe('ERR_PROXY_PROTOCOL')
      expect(hint).toBe('It speaks HTTP, but not as a proxy does: check the port of the proxy URL.')
    }
  })

  test('in front of an SSH server points at its dynamic forwarding', async () => {
    const ssh = createServer((socket) =>
      socket
        .resume()
        .on('error', () => undefined)
        .end('SSH-2.0-OpenSSH_9.6\r\n'),
    )
    ssh.listen(0, '127.0.0.1')
    await once(ssh, 'listening')
    onTestFinished(() => void ssh.close())
    const address = ssh.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { createTransport } = await startLab()
    for (const scheme of ['http', 'socks5', 'socks4a']) {
      const { code, hint } = await failureOf(
        FACES.fetch(createTransport({ proxy: `${scheme}://127.0.0.1:${port}` })),
      )
      expect(code).toBe('ERR_PROXY_PROTOCOL')
      expect(hint).toContain('ssh -D')
    }
  })
})
