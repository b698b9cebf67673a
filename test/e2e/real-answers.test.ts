import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { DiscordTransport } from '../../src/index.js'
import { createDiscordTransport } from '../cases/subject.js'
import { startDiscord, type FakeDiscord } from '../lab/discord/index.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type Fault, type LabProxy } from '../lab/proxy/index.js'

/** Answers that real proxies gave to `npm run test:real`, word for word where words matter. */
interface Answer {
  readonly to: string
  readonly fault: Extract<Fault, { kind: 'status' }>
  readonly code: string
  readonly hint: RegExp
}

const ANSWERS: readonly Answer[] = [
  {
    to: "wrong credentials (tinyproxy 1.11's 401, which names no Proxy-Authenticate)",
    fault: {
      kind: 'status',
      status: 401,
      reason: 'Unauthorized',
      headers: { Server: 'tinyproxy/1.11.1', 'WWW-Authenticate': 'Basic realm="Tinyproxy"' },
      body: 'The administrator of this proxy has not configured it to service requests from you.',
    },
    code: 'ERR_PROXY_AUTH',
    hint: /user name and the password/,
  },
  {
    to: "a name that does not exist (Privoxy 3.0's 404)",
    fault: { kind: 'status', status: 404, reason: 'No such domain', body: '502 - Bad Gateway' },
    code: 'ERR_TARGET_UNREACHABLE',
    hint: /check its DNS/,
  },
  {
    to: "a name that does not exist (squid 5.7's 500)",
    fault: {
      kind: 'status',
      status: 500,
      reason: 'Internal Server Error',
      headers: { Server: 'squid/5.7', 'X-Squid-Error': 'ERR_CANNOT_FORWARD 0' },
    },
    code: 'ERR_TARGET_UNREACHABLE',
    hint: /check its DNS/,
  },
  {
    to: 'a filtered destination (tinyproxy 1.11)',
    fault: { kind: 'status', status: 403, reason: 'Filtered', headers: { Server: 'tinyproxy/1.11.1' } },
    code: 'ERR_PROXY_DENIED',
    hint: /must allow CONNECT/,
  },
  {
    to: 'a blocked destination (Privoxy 3.0)',
    fault: { kind: 'status', status: 403, reason: 'Request blocked by Privoxy' },
    code: 'ERR_PROXY_DENIED',
    hint: /must allow CONNECT/,
  },
]

describe('the answer of a real proxy', () => {
  let discord: FakeDiscord
  let proxy: LabProxy
  let transport: DiscordTransport

  beforeEach(async () => {
    const names = new LabNames()
    discord = await startDiscord({ names })
    proxy = await startProxy({ scheme: 'http', names })
    const url = proxy.urlWithoutCredentials.replace('//', '//bot:wrong@')
    transport = createDiscordTransport({ proxy: url, env: {}, tls: { ca: discord.ca } })
  })
  afterEach(async () => {
    await transport.close()
    await proxy.close()
    await discord.close()
  })

  it.each(ANSWERS)('to $to is named for what it means', async ({ fault, code, hint }) => {
    proxy.fault = fault
    const failed = transport.fetch('https://discord.com/')
    await expect(failed).rejects.toMatchObject({ code, hint: expect.stringMatching(hint) as unknown })
  })

  it('that opens the tunnel and closes it at once (v2ray, ss-local) tells of a filter behind the proxy', async () => {
    proxy.fault = { kind: 'cut-after', bytes: 0, how: 'close' }
    const failed = transport.fetch('https://discord.com/')
    await expect(failed).rejects.toMatchObject({
      code: 'ERR_TARGET_TLS',
      phase: 'target-tls',
      hint: expect.stringContaining('open the tunnel first') as unknown,
    })
  })
})
