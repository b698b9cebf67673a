import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { DiagnoseOptions, Diagnosis } from '../../../src/index.js'
import { LabNames } from '../../lab/names.js'
import { reachDirectly } from '../../support/direct-discord.js'
import { startLab, type Lab, type LabOptions } from '../../support/lab.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const MEBIBYTE = 1024 * 1024

async function tryMessages(
  lab: Lab,
  options: DiagnoseOptions = {},
  transport: LabOptions['transport'] = {},
): Promise<Diagnosis> {
  const { token, channelId: channel } = lab.discord
  return diagnose(lab, transport, { token, channel, identify: false, ...options })
}

/** Without the proxy, discord.com is a server that accepts connections and says nothing. */
async function stallDirectly(): Promise<void> {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket.on('error', () => undefined)))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  reachDirectly(new LabNames().add('discord.com', 443, { host: '127.0.0.1', port }))
}

const statuses = ({ hops }: Diagnosis): Record<string, string> =>
  Object.fromEntries(hops.map(({ id, status }) => [id, status]))

describe('with a channel, the doctor sends, uploads, downloads, edits and deletes', () => {
  test('every hop passes, the file has 1 MiB, and no message is left', async () => {
    const lab = await startLab()
    const diagnosis = await tryMessages(lab)
    expect(outcomeOf(diagnosis)).toBe('works')
    expect(diagnosis.hops.slice(-5).map(({ id }) => id)).toEqual([
      'send',
      'upload',
      'download',
      'edit',
      'delete',
    ])
    const [file] = lab.discord.rest.requests.flatMap(({ files }) => files)
    expect(file?.size).toBe(MEBIBYTE)
    expect(hopOf(diagnosis, 'download').detail).toBe(`${MEBIBYTE} bytes`)
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([])
    expect(lab.discord.rest.requests.map(({ method }) => method)).toContain('PATCH')
  })

  test('the messages notify nobody', async () => {
    const lab = await startLab()
    await tryMessages(lab)
    const written = lab.discord.rest.requests.filter(({ method }) => method === 'POST')
    // 4096 is SUPPRESS_NOTIFICATIONS.
    const silent = { flags: 4096, allowed_mentions: { parse: [] } }
    expect(written.map(({ json }) => json)).toMatchObject([silent, silent])
  })

  test('the size of the file is configurable', async () => {
    const lab = await startLab()
    expect(outcomeOf(await tryMessages(lab, { uploadBytes: 1_000 }))).toBe('works')
    expect(lab.discord.rest.requests.flatMap(({ files }) => files)).toMatchObject([{ size: 1_000 }])
  })

  test('unasked, no message is sent', async () => {
    const lab = await startLab()
    await diagnose(lab, {}, { token: lab.discord.token })
    expect(lab.discord.rest.requests.filter(({ method }) => method !== 'GET')).toEqual([])
  })

  test.each([
    ['upload', 'POST /channels/*/messages', 2],
    ['edit', 'PATCH /channels/*/messages/*', 1],
  ])('a failure at %s is that hop, and the messages are deleted all the same', async (id, route, nth) => {
    const lab = await startLab()
    let seen = 0
    lab.discord.rest.intercept(route, () => (++seen === nth ? { status: 503 } : undefined))
    const diagnosis = await tryMessages(lab)
    expect(outcomeOf(diagnosis)).toBe(`ERR_DISCORD_UNAVAILABLE ${id}`)
    expect(statuses(diagnosis)).toMatchObject({ send: 'ok', [id]: 'failed', delete: 'ok' })
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([])
  })

  test.each([1, 2])('message %i was written and its answer lost: it is found and deleted', async (nth) => {
    const lab = await startLab()
    const other = lab.discord.sayAs(lab.discord.human, 'discord-transport doctor')
    let seen = 0
    lab.discord.rest.intercept('POST /channels/*/messages', () =>
      ++seen === nth ? { apply: true, cut: 'before-headers' } : undefined,
    )
    const diagnosis = await tryMessages(lab)
    expect(outcomeOf(diagnosis)).toBe(`ERR_CONNECTION_LOST ${nth === 1 ? 'send' : 'upload'}`)
    expect(hopOf(diagnosis, 'delete')).toMatchObject({
      status: 'ok',
      detail: `test messages deleted: ${nth}`,
    })
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([other])
  })

  test('an upload that stalls ends by the deadline, and is cleaned up', async () => {
    const lab = await startLab()
    let seen = 0
    lab.discord.rest.intercept('POST /channels/*/messages', () =>
      ++seen === 2 ? { apply: true, stall: true } : undefined,
    )
    const diagnosis = await tryMessages(lab, { timeoutMs: 2_000 })
    expect(outcomeOf(diagnosis)).toBe('ERR_TARGET_TIMEOUT upload')
    expect(hopOf(diagnosis, 'delete').status).toBe('ok')
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([])
  })

  test('an abort cleans up before it rejects with the reason of the signal', async () => {
    const lab = await startLab()
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress: DiagnoseOptions['onProgress'] = ({ id, status }) => {
      if (id === 'upload' && status === 'running') controller.abort(reason)
    }
    await expect(tryMessages(lab, { signal: controller.signal, onProgress })).rejects.toBe(reason)
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([])
    expect(lab.discord.rest.requests.map(({ method }) => method)).toContain('DELETE')
  })

  test('an abort while the way without the proxy is tried too cleans up before it rejects', async () => {
    const lab = await startLab()
    await stallDirectly()
    const controller = new AbortController()
    const reason = new Error('enough')
    const onProgress: DiagnoseOptions['onProgress'] = ({ id, status }) => {
      if (id === 'upload' && status === 'running') controller.abort(reason)
    }
    const options = { compare: true, signal: controller.signal, onProgress }
    await expect(tryMessages(lab, options, { connectTimeoutMs: 10_000 })).rejects.toBe(reason)
    expect(lab.discord.rest.requests.map(({ method }) => method)).toContain('DELETE')
    expect(lab.discord.messages.in(lab.discord.channelId)).toEqual([])
  })

  test('a file that comes back with other bytes is a failed hop', async () => {
    const lab = await startLab()
    lab.discord.cdn.intercept('/attachments/**', () => ({ body: Buffer.alloc(1_000) }))
    const diagnosis = await tryMessages(lab, { uploadBytes: 1_000 })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_ANSWER download')
    expect(statuses(diagnosis)).toMatchObject({ edit: 'ok', delete: 'ok' })
  })

  test('a message that cannot be deleted is a failed hop', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('DELETE /channels/*/messages/*', () => ({ status: 503 }))
    expect(outcomeOf(await tryMessages(lab))).toBe('ERR_DISCORD_UNAVAILABLE delete')
  })

  test.each([
    [404, 10_003, 'check the id'],
    [403, 50_001, 'check the id'],
    [403, 50_013, 'Attach Files'],
    [413, 40_005, 'uploadBytes'],
  ])('status %i with Discord’s code %i: the hint says what is missing', async (status, code, hint) => {
    const lab = await startLab()
    const refusal = { status, json: { code, message: 'no' } }
    lab.discord.rest.intercept('POST /channels/*/messages', () => refusal)
    const diagnosis = await tryMessages(lab)
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_REFUSED send')
    expect(hopOf(diagnosis, 'send').hint).toContain(hint)
    expect(hopOf(diagnosis, 'delete').status).toBe('not-reached')
  })

  test.each<[DiagnoseOptions, string]>([
    [{ channel: '1' }, 'channel: needs the option token'],
    [{ token: 'a', channel: '../1' }, "channel: must be a channel's id: 17 to 20 digits"],
    [{ uploadBytes: 0 }, 'uploadBytes: must be a whole number of bytes from 1 to 524288000'],
    [{ intents: 1.5 }, 'intents: must be a whole number of 0 or more'],
  ])('%o is an error', async (options, message) => {
    const lab = await startLab()
    await expect(diagnose(lab, {}, options)).rejects.toMatchObject({ code: 'ERR_PROXY_CONFIG', message })
    expect(lab.proxy.connections).toEqual([])
  })
})
