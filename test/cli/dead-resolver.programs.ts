import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { spawn, spawnSync } from 'node:child_process'
import { dirname } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { withEtc } from '../real/etc.js'
import { requireRealProxies } from '../real/installed.js'
import { builtCommand } from './command.js'
import { writeTemporary } from '../support/temporary-file.js'

const command = builtCommand()

/** As many as glibc asks, on addresses of loopback that are nobody else's. */
const NAME_SERVERS = ['127.77.0.1', '127.77.0.2', '127.77.0.3'] as const

/** They take every question and give no answer. */
async function startDeadNameServers(): Promise<void> {
  for (const address of NAME_SERVERS) {
    const socket = createSocket('udp4').bind(53, address)
    await once(socket, 'listening')
    onTestFinished(() => {
      socket.close()
    })
  }
}

const cannot = spawnSync('unshare', ['--mount', '--', 'true']).status !== 0
if (cannot) console.warn('no mount namespaces: that doctor ends in time with dead name servers is NOT tried')

test.skipIf(cannot && !requireRealProxies)(
  'with dead name servers the process ends within 15 seconds, and not only its report',
  { timeout: 40_000 },
  async () => {
    await startDeadNameServers()
    const servers = NAME_SERVERS.map((address) => `nameserver ${address}\n`)
    const file = await writeTemporary('resolv.conf', servers.join(''))
    const doctor = ['doctor', '--proxy-url', 'http://no-such-proxy.example:3128']
    const [program = '', ...args] = withEtc(dirname(file), [process.execPath, command.path, ...doctor])
    const startedAt = performance.now()
    const child = spawn(program, args, {
      env: { PATH: process.env['PATH'] ?? '' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const ended = once(child, 'close')
    const stdout = await text(child.stdout)
    expect(await ended).toEqual([1, null])
    expect(stdout).toContain('✗ name of the proxy')
    expect(performance.now() - startedAt).toBeLessThan(15_000)
  },
)
