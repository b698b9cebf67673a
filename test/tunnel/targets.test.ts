import { get, type RequestOptions } from 'node:https'
import { describe, expect, test } from 'vitest'
import type { TransportError } from '../../src/index.js'
import { failureOf, getByFetch } from '../support/faces.js'
import { startLab, type Lab } from '../support/lab.js'

const SCHEMES = ['http', 'https', 'socks5', 'socks4a'] as const

/** The failure of a request of node:https, which sends host and port as they are given. */
function failureFor({ transport }: Lab, target: RequestOptions): Promise<TransportError> {
  return failureOf(
    new Promise((resolve, reject) => {
      get({ ...target, headers: { host: 'discord.com' }, agent: transport.agent }, resolve).once(
        'error',
        reject,
      )
    }),
  )
}

const IMPOSSIBLE: readonly [what: string, target: RequestOptions][] = [
  ['a host with a line break', { host: 'discord.com\r\nX-Injected: 1' }],
  ['a host with a NUL', { host: 'discord.com\0.example' }],
  ['a host with a space', { host: 'discord com' }],
  ['a host of more than 255 bytes', { host: `${'a'.repeat(252)}.com` }],
  ['a host without end', { host: 'a'.repeat(1_000_000) }],
  ['a port beyond 65535', { host: 'discord.com', port: 65_536 }],
  ['a port that is none', { host: 'discord.com', port: 'https' }],
]

describe.each(SCHEMES)('over %s', (scheme) => {
  test.each(IMPOSSIBLE)('%s is refused here, and the proxy hears nothing of it', async (_what, target) => {
    const lab = await startLab({ scheme })
    const error = await failureFor(lab, target)
    expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', phase: 'target-dns', retryable: false })
    expect(error.message).toMatch(/^[ -~…]{1,400}$/)
    expect(error.target).toMatch(/^[ -~…]{1,300}$/)
    expect(lab.proxy.connections).toEqual([])
  })

  test('a name in another script goes to the proxy as its ASCII form', async () => {
    const lab = await startLab({ scheme })
    const error = await failureFor(lab, { host: 'Bücher.example' })
    expect(error.code).not.toBe('ERR_PROXY_PROTOCOL')
    expect(lab.proxy.connections.map(({ target }) => target?.host)).toEqual(['xn--bcher-kva.example'])
  })
})

test('fetch is refused a host of more than 255 bytes too', async () => {
  const { transport, proxy } = await startLab({ scheme: 'socks5' })
  const error = await failureOf(getByFetch(transport, `https://${'a.'.repeat(130)}com/`))
  expect(error).toMatchObject({ code: 'ERR_TARGET_UNREACHABLE', phase: 'target-dns' })
  expect(proxy.connections).toEqual([])
})
