import { Console } from 'node:console'
import { get } from 'node:https'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { DiscordTransport } from '../../src/index.js'
import { deferred } from '../support/deferred.js'
import {
  FACES,
  getByAgent,
  getByDispatcher,
  getByFetch,
  helloByWebSocket,
  rejectionOf,
} from '../support/faces.js'
import { GATEWAY, startLab, USERS_ME, type Lab } from '../support/lab.js'

const AUTH = { username: 'us:er-4711', password: 'p@ss/w%rd-4711' }

/** Every spelling in which a credential or the token could show. */
function secretsOf({ discord }: Lab): string[] {
  const { username, password } = AUTH
  return [
    username,
    password,
    encodeURIComponent(username),
    encodeURIComponent(password),
    Buffer.from(`${username}:${password}`).toString('base64'),
    discord.token,
  ]
}

/** Everything that a log could make of a value. */
function writtenForms(value: unknown): string {
  const written = new PassThrough()
  const console = new Console(written)
  console.log(value)
  console.dir(value, { depth: null })
  const shown = [
    inspect(value),
    inspect(value, { depth: Infinity, showHidden: true }),
    inspect(value, { depth: Infinity, showHidden: true, getters: true }),
    JSON.stringify(value),
    String(value),
    String(written.read()),
  ]
  if (value instanceof Error) shown.push(value.stack ?? '', writtenForms(value.cause))
  return shown.join('\n')
}

function expectNoSecret(lab: Lab, ...values: unknown[]): void {
  for (const value of values) {
    const text = writtenForms(value)
    for (const secret of secretsOf(lab)) expect(text).not.toContain(secret)
  }
}

const parts = (transport: DiscordTransport): unknown[] => [
  transport,
  transport.agent,
  transport.dispatcher,
  transport.fetch,
  transport.proxy,
  transport.gatewayOptions,
  transport.requestOptions,
  transport.stats(),
  transport.explain(USERS_ME),
]

const SCHEMES = ['http', 'https', 'socks5'] as const

describe.each(SCHEMES)('through an %s proxy with credentials', (scheme) => {
  // Over HTTP a user name cannot hold a colon and be understood by the lab: the header is compared as a whole.
  const auth =
    scheme === 'socks5'
      ? AUTH
      : { authorization: `Basic ${Buffer.from(`${AUTH.username}:${AUTH.password}`).toString('base64')}` }
  const start = async (extra: Parameters<typeof startLab>[0] = {}): Promise<Lab> => {
    const lab = await startLab({ scheme, auth, ...extra })
    const credentials = `${encodeURIComponent(AUTH.username)}:${encodeURIComponent(AUTH.password)}`
    const proxy = lab.proxy.urlWithoutCredentials.replace('://', `://${credentials}@`)
    return { ...lab, transport: lab.createTransport({ ...extra.transport, proxy }) }
  }

  test('no part of the transport shows a secret: new, in a request, with pooled sockets, closed', async () => {
    const lab = await start()
    const { transport, discord, headers } = lab
    expectNoSecret(lab, ...parts(transport))

    const release = deferred<undefined>()
    discord.rest.intercept('GET /users/@me', async () => {
      await release.promise
      return undefined
    })
    const requests = [
      getByAgent(transport, USERS_ME, { headers }),
      getByDispatcher(transport, USERS_ME, headers),
      getByFetch(transport, USERS_ME, headers),
    ]
    await discord.rest.waitForRequest('GET /users/@me', { nth: 3 })
    expectNoSecret(lab, ...parts(transport))

    release.resolve(undefined)
    for (const { status } of await Promise.all(requests)) expect(status).toBe(200)
    expect(transport.stats().tunnels.open).toBeGreaterThan(1)
    expectNoSecret(lab, ...parts(transport), ...lab.events)

    await transport.close()
    expectNoSecret(lab, ...parts(transport))
    expectNoSecret(
      lab,
      ...(await Promise.all(Object.values(FACES).map((reach) => rejectionOf(reach(transport))))),
    )
  })

  test('an open WebSocket shows no secret', async () => {
    const lab = await start()
    const socket = lab.transport.createWebSocket(GATEWAY)
    await new Promise((resolve) => socket.once('message', resolve))
    const text = inspect(socket, { depth: Infinity, showHidden: true })
    for (const secret of secretsOf(lab)) expect(text).not.toContain(secret)
    socket.terminate()
  })

  const failures = {
    'refused credentials': { auth: { authorization: 'Basic bm90OnRoaXM=' } },
    silence: { fault: { kind: 'request', verb: 'silence' }, transport: { connectTimeoutMs: 200 } },
    'a reset': { fault: { kind: 'request', verb: 'reset' } },
    garbage: { fault: { kind: 'request', verb: 'garbage' }, transport: { connectTimeoutMs: 200 } },
    'a tunnel that breaks': { fault: { kind: 'cut-after', bytes: 100 } },
    'a target without TLS': { fault: { kind: 'not-tls' } },
    'an untrusted target': { transport: { tls: {} } },
  } as const satisfies Record<string, Parameters<typeof startLab>[0]>

  test.each(Object.entries(failures))(
    'the errors of %s show no secret on any face',
    async (_name, options) => {
      const lab = await start(options)
      const { transport, headers } = lab
      const errors = await Promise.all(
        [
          getByAgent(transport, USERS_ME, { headers }),
          getByDispatcher(transport, USERS_ME, headers),
          getByFetch(transport, USERS_ME, headers),
          helloByWebSocket(transport),
        ].map(rejectionOf),
      )
      expectNoSecret(lab, ...errors, ...lab.events)
    },
  )

  test('a request that breaks in the middle shows no secret', async () => {
    const lab = await start()
    const { transport, headers, discord } = lab
    discord.rest.intercept('GET /users/@me', () => ({ cut: 'before-headers', reset: true }))
    const errors = await Promise.all(
      [
        getByDispatcher(transport, USERS_ME, headers),
        getByFetch(transport, USERS_ME, headers),
        getByAgent(transport, USERS_ME, { headers }),
      ].map(rejectionOf),
    )
    expectNoSecret(lab, ...errors)
  })

  test("Discord sees no Proxy-Authorization, and the proxy hears neither Discord's Authorization nor the token", async () => {
    const lab = await start()
    const { transport, discord, proxy, headers } = lab
    await getByAgent(transport, USERS_ME, { headers })
    await getByDispatcher(transport, USERS_ME, headers)
    await getByFetch(transport, USERS_ME, headers)
    await helloByWebSocket(transport, { headers })

    const seen = [...discord.rest.requests, ...discord.gateway.upgrades]
    expect(seen).toHaveLength(4)
    for (const request of seen) {
      expect(request.headers).toMatchObject(headers)
      expect(Object.keys(request.headers).filter((name) => name.startsWith('proxy-'))).toEqual([])
    }
    expect(proxy.connections.length).toBeGreaterThan(0)
    for (const { heard, headers: ofConnect } of proxy.connections) {
      expect(heard.toString('latin1')).not.toContain(discord.token)
      expect(heard.toString('latin1')).not.toMatch(/\r\nAuthorization:/i)
      expect(Object.keys(ofConnect).sort()).toEqual(
        scheme === 'socks5' ? [] : ['host', 'proxy-authorization', 'proxy-connection'],
      )
    }
  })
})

test('a request that names the agent shows no secret through the agent', async () => {
  const lab = await startLab()
  const request = get(USERS_ME, { agent: lab.transport.agent })
  request.on('error', () => undefined)
  expectNoSecret(lab, Reflect.get(request, 'agent'))
  request.destroy()
})
