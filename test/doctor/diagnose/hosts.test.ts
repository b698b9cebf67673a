import { once } from 'node:events'
import { createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import type { HopProgress, TransportEvent } from '../../../src/index.js'
import { DISCORD_HOSTS } from '../../../src/discord/hosts.js'
import { startLab, type Lab } from '../../support/lab.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const NAMED = DISCORD_HOSTS.map(({ pattern }) => pattern).filter((pattern) => !pattern.includes('*'))

/** A TLS server under every name that the lab does not know yet. */
async function addHosts(lab: Lab): Promise<void> {
  const missing = NAMED.filter((host) => lab.names.resolve(host, 443) === undefined)
  const server = createServer(await lab.ca.issue(missing), (socket) =>
    socket.on('error', () => undefined).resume(),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('not listening on TCP')
  for (const host of missing) lab.names.add(host, 443, { host: '127.0.0.1', port: address.port })
}

test('with allHosts, a connection to every host with a fixed name is tried', async () => {
  const lab = await startLab()
  await addHosts(lab)
  const diagnosis = await diagnose(lab, {}, { allHosts: true })
  expect(outcomeOf(diagnosis)).toBe('works')
  expect(hopOf(diagnosis, 'hosts').detail).toBe(`${NAMED.length} hosts`)
})

test('a host that the proxy does not reach is named', async () => {
  const lab = await startLab()
  await addHosts(lab)
  lab.names.remove('media.discordapp.net', 443)
  const diagnosis = await diagnose(lab, {}, { allHosts: true })
  expect(outcomeOf(diagnosis)).toMatch(/^ERR_TARGET_UNREACHABLE hosts$/)
  expect(hopOf(diagnosis, 'hosts').message).toContain('media.discordapp.net')
  expect(hopOf(diagnosis, 'cdn').status).toBe('ok')
})

test('few of the hosts are connected to at one time', async () => {
  const lab = await startLab()
  await addHosts(lab)
  let open = 0
  let most = 0
  const onEvent = ({ type }: TransportEvent): void => {
    if (type === 'tunnel-open') most = Math.max(most, ++open)
    else if (type === 'tunnel-close') open -= 1
  }
  const diagnosis = await diagnose(lab, { onEvent }, { allHosts: true })
  expect(outcomeOf(diagnosis)).toBe('works')
  // Three tunnels of the hops before it, and four of this one.
  expect(most).toBeLessThanOrEqual(7)
})

test('an abort ends the connections to the hosts at once', async () => {
  const lab = await startLab()
  const controller = new AbortController()
  const reason = new Error('enough')
  const onProgress = ({ id, status }: HopProgress): void => {
    if (id !== 'hosts' || status !== 'running') return
    lab.proxy.fault = { kind: 'accept', verb: 'silence' }
    setImmediate(() => controller.abort(reason))
  }
  const limits = { allHosts: true, timeoutMs: 60_000, signal: controller.signal, onProgress }
  await expect(diagnose(lab, { connectTimeoutMs: 60_000 }, limits)).rejects.toBe(reason)
})

test('unasked, the hop is not there', async () => {
  const lab = await startLab()
  expect((await diagnose(lab)).hops.map(({ id }) => id)).not.toContain('hosts')
})
