import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Destination } from '../contender.js'
import type { Listening, ProxyCounts } from './process.js'

/** How a proxy is reached: at once, by a long cable, or with room for few connections. */
export type Wire = 'near' | 'far' | 'small'

/** Origin and proxies, each in a process of its own. */
export interface Servers {
  /** For a client with such a proxy. */
  destination(scheme: 'http' | 'socks5', wire: Wire): Destination
  /** What the proxies have seen since this was last asked. */
  counts(): Promise<ProxyCounts>
  stop(): Promise<void>
}

export async function startServers(certFile: string, keyFile: string): Promise<Servers> {
  const origin = start('origin.ts', [certFile, keyFile])
  const { origin: port = 0 } = await ports(origin)
  const proxy = start('proxy.ts', [String(port)])
  const proxyPorts = await ports(proxy)
  return {
    destination: (scheme, wire) => ({
      origin: 'https://discord.com',
      port,
      proxy: `${scheme}://127.0.0.1:${proxyPorts[`${scheme} ${wire}`] ?? 0}`,
    }),
    counts: async () => {
      proxy.send('counts')
      const [counts] = (await once(proxy, 'message')) as [ProxyCounts]
      return counts
    },
    stop: async () => {
      await Promise.all(
        [origin, proxy].map(async (child) => {
          const exited = once(child, 'exit')
          child.kill('SIGKILL')
          await exited
        }),
      )
    },
  }
}

function start(file: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--import', import.meta.resolve('tsx')],
  })
}

async function ports(child: ChildProcess): Promise<Listening['ports']> {
  const failed = once(child, 'exit').then(() => {
    throw new Error('a server of the bench did not start')
  })
  const [message] = (await Promise.race([once(child, 'message'), failed])) as [Listening]
  // It ends when the bench does.
  failed.catch(() => undefined)
  return message.ports
}
