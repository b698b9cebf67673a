import net from 'node:net'
import { decidingVariable } from '../config/variables.js'
import { say } from '../messages/index.js'
import { isDiscord } from '../process/destination.js'
import { Hooks } from '../process/hooks.js'
import { isTrue } from '../process/preload-settings.js'
import { refusal } from '../process/refusal.js'
import { isInstalled } from '../process/registry.js'

/**
 * A register that found no proxy watches for the first connection to Discord, where every client of this process passes.
 * If a variable names a proxy by then, it was set too late, mostly by dotenv inside the bot: that is said once, and with
 * DISCORD_TRANSPORT_REQUIRED no connection is made. The hook is gone afterwards, and after an install().
 */
export function watchForLateProxy(): void {
  const hooks = new Hooks()
  hooks.method('net.Socket.prototype.connect', net.Socket.prototype, 'connect', (socket, values, pass) => {
    const target = discordTarget(values)
    if (isInstalled()) hooks.restore()
    else if (target !== undefined) {
      const variable = decidingVariable(process.env)
      if (variable !== undefined && isTrue(process.env['DISCORD_TRANSPORT_REQUIRED']))
        return refuse(socket, target)
      hooks.restore()
      if (variable !== undefined) warn(variable)
    }
    return pass()
  })
}

function refuse(socket: unknown, target: string): unknown {
  if (socket instanceof net.Socket) {
    const error = refusal('late', { target, proxy: null })
    process.nextTick(() => socket.destroy(error))
  }
  return socket
}

function warn(variable: string): void {
  process.emitWarning(say('process.register.late', { variable }), {
    type: 'DiscordTransportWarning',
    code: 'DISCORD_TRANSPORT_LATE_PROXY',
    detail: say('process.refused.late.hint'),
  })
}

/** The arguments of connect(): options, or a list that Node has made of them. */
function discordTarget(values: readonly unknown[]): string | undefined {
  const [first] = values
  const options: unknown = Array.isArray(first) ? first[0] : first
  if (typeof options !== 'object' || options === null || !('host' in options)) return undefined
  const { host } = options
  if (typeof host !== 'string' || !isDiscord(host)) return undefined
  return 'port' in options ? `${host}:${String(options.port)}` : host
}
