import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { connect, createServer, Server } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { watchOpenResources } from './open-resources.js'
import { LAB_HOSTS } from './proxy/index.js'

describe('the setup file', async () => {
  const { output, code } = await runFixtures()

  test('fails the run', () => {
    expect(code).toBe(1)
    expect(output).toMatch(/Test Files +1 failed \| 1 passed/)
  })

  test('names a parked socket, its other half and its server, with addresses and where they were opened', () => {
    const address = String.raw`127\.0\.0\.1:\d+`
    expect(output).toMatch(new RegExp(`a server on ${address}\n +at .*leaking\\.fixture\\.ts:9`))
    expect(output).toMatch(new RegExp(`a socket ${address} -> ${address}\n +at .*leaking\\.fixture\\.ts:13`))
    expect(output).toMatch(
      new RegExp(`a socket ${address} -> ${address} accepted by a server\n +at .*leaking\\.fixture\\.ts:9`),
    )
  })

  test('names a timer, and one of the sources that does not hold the process', () => {
    expect(output).toMatch(/a timer 61000 ms\n +at .*leaking\.fixture\.ts:19/)
    expect(output).toMatch(/a timer 63000 ms \(unref\)\n +at .*src\/deadline\.js/)
    expect(output).not.toContain('62000')
  })

  test('names an unhandled rejection', () => {
    expect(output).toContain('an unhandled rejection: Error: not handled')
  })

  test('names a warning of the process that no test expects', () => {
    expect(output).toContain('a warning of the process: MaxListenersExceededWarning: Possible EventEmitter')
    expect(output).not.toContain('a warning of the process: Warning: expected')
  })
})

/** Once, at collection: a run of vitest takes seconds. */
async function runFixtures(): Promise<{ output: string; code: number | null }> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  const args = [vitest, 'run', '--config', 'test/lab/leaks/vitest.config.ts']
  const child = spawn(process.execPath, args, {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...process.env, NO_COLOR: '1', VITEST: undefined },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { output: out + errors, code: await closed }
}

describe('watchOpenResources', () => {
  test.each(LAB_HOSTS)('finds what is open on %s, and nothing once it is closed', async (host) => {
    const shown = host === '::1' ? '[::1]' : host
    const listen: unknown = Reflect.get(Server.prototype, 'listen')
    const watch = watchOpenResources()
    const server = createServer((socket) => socket.resume())
    server.listen(0, host)
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    const client = connect(address.port, host)
    const accepted = once(server, 'connection')
    await once(client, 'connect')
    await accepted
    const timer = setTimeout(() => undefined, 60_000)
    const kinds = watch.find().map(({ kind, description }) => `${kind} ${description}`)
    expect(kinds).toHaveLength(4)
    expect(kinds).toContain(`server on ${shown}:${address.port}`)
    expect(kinds).toContain('timer 60000 ms')
    expect(kinds.filter((kind) => kind.includes(`-> ${shown}:${address.port}`))).toHaveLength(1)

    clearTimeout(timer)
    client.destroy()
    server.close()
    expect(await watch.settle(2_000)).toEqual([])
    watch.stop()
    expect(Reflect.get(Server.prototype, 'listen')).toBe(listen)
  })

  test('waits no longer than its deadline', async () => {
    const watch = watchOpenResources()
    const timer = setTimeout(() => undefined, 60_000)
    const start = performance.now()
    expect(await watch.settle(50)).toHaveLength(1)
    expect(performance.now() - start).toBeLessThan(5_000)
    clearTimeout(timer)
    watch.stop()
  })
})
