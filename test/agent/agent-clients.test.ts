import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import axios from 'axios'
import got from 'got'
import { beforeEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { failureOf, getByAgent } from '../support/faces.js'
import { GATEWAY, startLab, USERS_ME, type Lab } from '../support/lab.js'

let lab: Lab
beforeEach(async () => {
  lab = await startLab()
})

describe('the agent carries', () => {
  test('axios, on one tunnel, and gives it a TransportError', async () => {
    const { transport, proxy, headers } = lab
    const client = axios.create({ httpsAgent: transport.agent, httpAgent: transport.agent, proxy: false })
    for (let round = 0; round < 3; round++) {
      const { status, data } = await client.get<{ id: string }>(USERS_ME, { headers })
      expect(status).toBe(200)
      expect(data.id).toBe(lab.discord.user.id)
    }
    expect(proxy.connections).toHaveLength(1)
    proxy.fault = { kind: 'status', status: 403 }
    proxy.cut()
    const error: unknown = await client.get('https://cdn.discordapp.com/').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'ERR_PROXY_DENIED', cause: { code: 'ERR_PROXY_DENIED' } })
  })

  test('got, on one tunnel', async () => {
    const { transport, proxy, headers } = lab
    const client = got.extend({ agent: { http: transport.agent, https: transport.agent } })
    for (let round = 0; round < 3; round++) {
      const { statusCode } = await client.get(USERS_ME, { headers })
      expect(statusCode).toBe(200)
    }
    expect(proxy.connections).toHaveLength(1)
  })

  test('ws itself', async () => {
    const socket = new WebSocket(GATEWAY, { agent: lab.transport.agent })
    const [hello] = (await once(socket, 'message')) as [Buffer]
    expect(JSON.parse(hello.toString())).toMatchObject({ op: 10 })
    socket.terminate()
  })

  test('a request with TLS options of its own, which win for this request alone', async () => {
    const { createTransport, discord, headers } = lab
    const transport = createTransport({ tls: {} })
    expect((await failureOf(getByAgent(transport, USERS_ME, { headers }))).code).toBe('ERR_TARGET_TLS')
    expect((await getByAgent(transport, USERS_ME, { headers, ca: discord.ca })).status).toBe(200)
    expect((await failureOf(getByAgent(transport, USERS_ME, { headers }))).code).toBe('ERR_TARGET_TLS')
  })

  test('a certificate pin of one request, also where a session to this host could be resumed', async () => {
    const transport = lab.createTransport({ keepAliveMs: 0 })
    expect((await getByAgent(transport, USERS_ME, { headers: lab.headers })).status).toBe(200)
    const pinned = { headers: lab.headers, checkServerIdentity: () => new Error('another certificate') }
    const error = await failureOf(getByAgent(transport, USERS_ME, pinned))
    expect(error).toMatchObject({ code: 'ERR_TARGET_TLS', phase: 'target-tls' })
    expect(error.message).toContain('another certificate')
    expect((await getByAgent(transport, USERS_ME, { headers: lab.headers })).status).toBe(200)
  })

  test('20 requests at one time', async () => {
    const { transport, headers } = lab
    const requests = Array.from({ length: 20 }, () => getByAgent(transport, USERS_ME, { headers }))
    for (const { status } of await Promise.all(requests)) expect(status).toBe(200)
  })
})

test('the agent serves http and https by itself, whatever its default', () => {
  const { agent } = lab.transport
  expect(agent).toBeInstanceOf(http.Agent)
  expect(
    https
      .get(USERS_ME, { agent })
      .on('error', () => undefined)
      .destroy().destroyed,
  ).toBe(true)
})
