import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificateAuthority } from '../lab/certificates.js'
import type { ProxySite } from '../real/proxies/index.js'
import type { BotCalls } from './bot-process.js'
import { EXTERNAL_ADDRESS, NAME_SERVER, PROXY_ADDRESS, SealedNetwork } from './network.js'
import type { OutsideCalls } from './outside-process.js'
import { Remote } from './remote.js'

/** Free for proxies, what they need behind them, and a relay before one: the namespace is empty. */
const PROXY_PORTS = [3128, 3129, 3130]

export interface SealedOptions {
  /** Of the gateway; Discord's own 41 250 by default. */
  readonly heartbeatIntervalMs?: number
  /** Names that the bot's hosts file knows, at an address where nobody is. */
  readonly names?: readonly string[]
}

/** Network, world outside and bot, and a place for proxies; all of it gone when disposed. */
export interface SealedSite extends AsyncDisposable {
  readonly network: SealedNetwork
  readonly proxies: ProxySite
  readonly outside: Remote<OutsideCalls>
  readonly bot: Remote<BotCalls>
}

export async function openSealedSite({
  heartbeatIntervalMs,
  names,
}: SealedOptions = {}): Promise<SealedSite> {
  const undo: (() => Promise<void>)[] = []
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step()
  }
  try {
    const directory = await mkdtemp(join(tmpdir(), 'discord-transport-sealed-'))
    undo.push(() => rm(directory, { recursive: true }))
    await chmod(directory, 0o755)
    const network = await SealedNetwork.open({ ...(names && { names }) })
    undo.push(() => network[Symbol.asyncDispose]())
    const outside = await Remote.start<OutsideCalls>(
      (command) => network.within('outside', command),
      join(import.meta.dirname, 'outside-process.ts'),
      heartbeatIntervalMs === undefined ? {} : { HEARTBEAT_INTERVAL_MS: String(heartbeatIntervalMs) },
    )
    undo.push(() => outside[Symbol.asyncDispose]())
    const bot = await Remote.start<BotCalls>(
      (command) => network.within('bot', command),
      join(import.meta.dirname, 'bot-process.ts'),
    )
    undo.push(() => bot[Symbol.asyncDispose]())
    const ports = [...PROXY_PORTS]
    return {
      network,
      outside,
      bot,
      proxies: {
        host: PROXY_ADDRESS,
        external: EXTERNAL_ADDRESS,
        nameServer: NAME_SERVER,
        directory,
        ca: await createCertificateAuthority(),
        within: (command) => network.within('proxies', command),
        freePort: () => {
          const port = ports.shift()
          return port === undefined ? Promise.reject(new Error('no port is left')) : Promise.resolve(port)
        },
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
