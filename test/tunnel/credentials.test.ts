import { describe, expect, test } from 'vitest'
import { LAB_HOSTS, type LabScheme } from '../lab/proxy/index.js'
import { FACES, failureOf, getByDispatcher } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`

/** What stands in the URL before the @, and what the proxy is to hear. */
const CREDENTIALS: readonly [written: string, username: string, password: string][] = [
  ['user:pass', 'user', 'pass'],
  ['us%3Aer:p%40ss%2Fw%25rd', 'us:er', 'p@ss/w%rd'],
  ['j%C3%BCrgen:%E2%82%AC%F0%9F%A6%8A', 'jürgen', '€🦊'],
  ['user:', 'user', ''],
  ['100%25:a+b%20c', '100%', 'a+b c'],
]

/** RFC 7617 §2: the first colon ends the user name, so only SOCKS can carry one inside it. */
const canCarry = (scheme: LabScheme, username: string): boolean =>
  scheme === 'socks5' || !username.includes(':')

describe.each(['http', 'https', 'socks5'] as const)('credentials in an %s URL', (scheme) => {
  for (const [written, username, password] of CREDENTIALS) {
    test(`${written}@ reach the proxy as ${username} and ${password}`, async () => {
      const { proxy, createTransport, headers } = await startLab({
        scheme,
        auth: canCarry(scheme, username)
          ? { username, password }
          : { authorization: basic(`${username}:${password}`) },
      })
      const url = proxy.urlWithoutCredentials.replace('://', `://${written}@`)
      const transport = createTransport({ proxy: url })
      expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
      await FACES.websocket(transport)
      const [first] = proxy.connections
      if (scheme === 'socks5') expect(first?.credentials).toEqual({ username, password })
      else expect(first?.authorization).toBe(basic(`${username}:${password}`))
    })
  }

  test('that are wrong are ERR_PROXY_AUTH on every face, and are not repeated', async () => {
    const { proxy, createTransport } = await startLab({
      scheme,
      auth: { username: 'user', password: 'right-password' },
    })
    const url = proxy.urlWithoutCredentials.replace('://', '://user:wrong-password@')
    const transport = createTransport({ proxy: url })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: 'ERR_PROXY_AUTH', phase: 'proxy-auth', retryable: false })
      expect(error.hint).toContain('Check the user name and the password')
      expect(`${error.message} ${error.stack ?? ''}`).not.toContain('wrong-password')
    }
  })

  test('that are missing are ERR_PROXY_AUTH with a hint where to put them', async () => {
    const { proxy, createTransport } = await startLab({
      scheme,
      auth: { username: 'user', password: 'right-password' },
    })
    const transport = createTransport({ proxy: proxy.urlWithoutCredentials })
    for (const reach of Object.values(FACES)) {
      const { code, hint } = await failureOf(reach(transport))
      expect(code).toBe('ERR_PROXY_AUTH')
      expect(hint).toContain('user:password@host:port')
    }
  })
})

test.each(['http', 'https', 'socks5'] as const)('%s://token@ sends the token alone', async (scheme) => {
  const { proxy, createTransport, headers } = await startLab({
    scheme,
    auth: { username: 'token-1234', password: '' },
  })
  const url = proxy.urlWithoutCredentials.replace('://', '://token-1234@')
  const transport = createTransport({ proxy: url })
  expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
  expect(proxy.connections[0]?.credentials).toEqual({ username: 'token-1234', password: '' })
})

test.each(['socks4', 'socks4a'] as const)('%s://user@ sends the user id', async (scheme) => {
  const { proxy, createTransport } = await startLab({ scheme, auth: { username: 'ident', password: '' } })
  const url = proxy.urlWithoutCredentials.replace('://', '://ident@')
  // An address, so that neither version has a name to resolve.
  const transport = createTransport({ proxy: url })
  await failureOf(getByDispatcher(transport, 'https://192.0.2.1/'))
  expect(proxy.connections[0]).toMatchObject({
    credentials: { username: 'ident' },
    target: { host: '192.0.2.1', port: 443 },
  })
})

describe('the address of the proxy', () => {
  test.each(['http', 'https', 'socks4a', 'socks5'] as const)('%s://[::1] is dialled', async (scheme) => {
    if (!LAB_HOSTS.includes('::1')) {
      // Nothing can listen there. What the system says of a connection shows that the address was dialled.
      const { createTransport } = await startLab()
      const transport = createTransport({ proxy: `${scheme}://[::1]:1080` })
      const { code, cause } = await failureOf(getByDispatcher(transport))
      expect({ code, cause }).toMatchObject({
        code: 'ERR_PROXY_UNREACHABLE',
        cause: { syscall: 'connect', address: '::1' },
      })
      return
    }
    const { transport, proxy, headers } = await startLab({ scheme, host: '::1' })
    expect(proxy.url).toContain('[::1]')
    expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
    await FACES.websocket(transport)
    expect(transport.proxy?.host).toBe('::1')
  })

  test('host:port without a scheme is an http proxy, whatever source it comes from', async () => {
    const { proxy, createTransport, headers } = await startLab()
    const address = `127.0.0.1:${proxy.port}`
    for (const options of [{ proxy: address }, { env: { HTTPS_PROXY: address } }]) {
      const transport = createTransport(options)
      expect(transport.proxy).toMatchObject({ protocol: 'http', port: proxy.port })
      expect((await getByDispatcher(transport, USERS_ME, headers)).status).toBe(200)
    }
    expect(proxy.established).toHaveLength(2)
  })
})
