import { DISCORD_HOSTS } from '../../discord/hosts.js'
import { failureOf, TransportError } from '../../errors.js'
import { say } from '../../messages/index.js'
import { inParallel } from '../validate/in-parallel.js'
import type { DiscordQuestions } from './discord-hops.js'

/** Few enough for a proxy that limits the connections of a client. */
const CONCURRENCY = 4

/** A pattern such as `*.discord.media` names no host that is known to exist. */
const HOSTS = DISCORD_HOSTS.map(({ pattern }) => pattern).filter((pattern) => !pattern.includes('*'))

/** A tunnel with TLS to each host of src/discord/hosts.ts; nothing is sent through it. */
export function connectToHosts(questions: DiscordQuestions): Promise<unknown> {
  const { route, log, remainingMs, signal } = questions
  const failureAt = async (host: string): Promise<{ host: string; error: TransportError } | undefined> => {
    try {
      const timeoutMs = Math.min(route.connectTimeoutMs, remainingMs())
      const socket = await route.openTunnel({ host, port: 443, secure: true }, { timeoutMs, signal })
      socket.destroy()
      return undefined
    } catch (error) {
      if (error instanceof TransportError) return { host, error }
      throw error
    }
  }
  return log.run('hosts', async () => {
    const found = await inParallel(HOSTS, CONCURRENCY, failureAt)
    const failed = found.filter((failure) => failure !== undefined)
    const [first] = failed
    if (first === undefined)
      return { value: true, detail: say('doctor.detail.hosts', { hosts: HOSTS.length }) }
    // The first failure in the name of all.
    const hosts = failed.map(({ host }) => host).join(', ')
    throw failureOf(first.error, {
      message: say('doctor.hosts.failed', { hosts, reason: first.error.message }),
    })
  })
}
