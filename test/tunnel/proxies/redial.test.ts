import dns from 'node:dns'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import { createServer, Socket } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Attempt } from '../../../src/tunnel/attempt.js'
import { watchedPorts, watchPort } from '../../../src/tunnel/proxies/port-watch.js'
import { ProxyChoice } from '../../../src/tunnel/proxies/proxy-choice.js'
import { candidateOf } from '../../support/candidate.js'
import { freePort } from '../../support/free-port.js'
import { watchHoldingTimers } from '../../support/holding-timers.js'

/** A port that answers from now on, and how many bytes it got. */
async function listen(
  port: number,
): Promise<{ readonly bytes: () => number; readonly closed: Promise<unknown> }> {
  let bytes = 0
  const server = createServer((socket) => {
    socket.on('data', (chunk) => (bytes += chunk.length))
    socket.on('error', () => undefined)
    socket.on('close', () => server.close())
  })
  const closed = once(server, 'close')
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return { bytes: () => bytes, closed }
}

test('a connection that waits for a lost SYN is made anew when the port answers, within the same deadline', async () => {
  const port = await freePort()
  const candidate = candidateOf('0', `http://127.0.0.1:${port}`)
  const ignore = (): void => undefined
  const choice = new ProxyChoice([candidate], {
    onDenied: 'next',
    connectTimeoutMs: 10_000,
    closing: new AbortController().signal,
    random: Math.random,
    onFailed: ignore,
    onEvent: ignore,
  })
  // As long as the default of connectTimeoutMs.
  const attempt = new Attempt({ timeoutMs: 10_000, signals: [], onTimeout: () => new Error('late') })
  onTestFinished(() => {
    attempt.dispose()
  })
  let dials = 0
  const opened = choice.open(
    {
      candidates: [candidate],
      target: 'discord.com:443',
      open: async (_candidate, _via, part) => {
        dials += 1
        // The kernel sends the next SYN seconds later.
        if (dials === 1) await part.step('proxy-connect', new Promise(ignore))
        return { socket: new Socket() }
      },
    },
    attempt,
  )
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  expect(dials).toBe(1)
  const { bytes, closed } = await listen(port)
  await opened
  expect(dials).toBe(2)
  await closed
  expect(bytes()).toBe(0)
  expect(watchedPorts()).toBe(0)
})

test('all that wait for one port are told at once, and one that gave up is not', async () => {
  const port = await freePort()
  const address = { host: '127.0.0.1', port }
  const told: string[] = []
  const both = Promise.all(
    ['one', 'two'].map(
      (name) =>
        new Promise<void>((resolve) => {
          watchPort(address, () => {
            told.push(name)
            resolve()
          })
        }),
    ),
  )
  watchPort(address, () => told.push('gave up'))()
  expect(watchedPorts()).toBe(1)
  const { closed } = await listen(port)
  await both
  await closed
  expect(told).toEqual(['one', 'two'])
  expect(watchedPorts()).toBe(0)
})

test('the wait for a port holds no program that has nothing else to do', () => {
  const holding = watchHoldingTimers()
  const stop = watchPort({ host: '127.0.0.1', port: 1 }, () => undefined)
  expect(watchedPorts()).toBe(1)
  expect(holding()).toBe(0)
  stop()
})

test('a name that is not found at once is looked up once at a time', async () => {
  vi.useFakeTimers()
  const answers: (() => void)[] = []
  const spy = vi.spyOn(dns, 'lookup').mockImplementation((...given: readonly unknown[]) => {
    const callback = given.at(-1)
    const error = Object.assign(new Error('not found'), { code: 'ENOTFOUND' })
    if (typeof callback === 'function') answers.push(() => void Reflect.apply(callback, undefined, [error]))
  })
  syncBuiltinESMExports()
  onTestFinished(() => {
    spy.mockRestore()
    syncBuiltinESMExports()
    vi.useRealTimers()
  })
  const stop = watchPort({ host: 'proxy.lab', port: 1 }, () => undefined)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answers).toHaveLength(1)
  answers[0]?.()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(answers).toHaveLength(2)
  answers[1]?.()
  stop()
})
