import net from 'node:net'
import { syncBuiltinESMExports } from 'node:module'
import { onTestFinished } from 'vitest'
import type { LabNames } from '../lab/names.js'

/**
 * Until the test has finished, the names of the lab lead to their servers without a proxy too: this process finds
 * `discord.com:443` where the lab's server listens. The connections are real ones.
 *
 * @returns the names that were dialled, in order
 */
export function reachDirectly(names: LabNames): readonly string[] {
  const dialled: string[] = []
  const { connect } = net
  net.connect = (...values: unknown[]) => {
    const [options] = values
    const destination = isTcp(options) ? names.resolve(options.host, options.port) : undefined
    if (!isTcp(options) || destination === undefined) return Reflect.apply(connect, net, values) as net.Socket
    dialled.push(options.host)
    const lookup: net.LookupFunction = (_host, { all }, callback) => {
      queueMicrotask(() =>
        all === true
          ? callback(null, [{ address: destination.host, family: 4 }])
          : callback(null, destination.host, 4),
      )
    }
    return connect({ ...options, port: destination.port, lookup })
  }
  syncBuiltinESMExports()
  onTestFinished(() => {
    net.connect = connect
    syncBuiltinESMExports()
  })
  return dialled
}

interface TcpOptions {
  readonly host: string
  readonly port: number
}

function isTcp(options: unknown): options is TcpOptions {
  return typeof options === 'object' && options !== null && 'host' in options && 'port' in options
}
