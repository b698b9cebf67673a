import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import type { LabNames } from '../names.js'

/**
 * Until the returned object is disposed, TLS connections of this process to names of the lab reach its
 * servers without any proxy, and trust its authority. For tests of the fake itself, with clients as they
 * come from npm: `ws`, every undici and Node's own fetch all end in `tls.connect`.
 */
export function connectLabDirectly(names: LabNames, ca: string): Disposable {
  const original = tls.connect
  const connect = (...args: unknown[]): unknown => {
    const [options, ...rest] = args
    const routed = typeof options === 'object' && options !== null ? route(options, names, ca) : undefined
    return Reflect.apply(original, tls, routed ? [routed, ...rest] : args)
  }
  const install = (value: unknown): void => {
    Reflect.set(tls, 'connect', value)
    syncBuiltinESMExports()
  }
  install(connect)
  return { [Symbol.dispose]: () => install(original) }
}

function route(options: object, names: LabNames, ca: string): object | undefined {
  const host: unknown = Reflect.get(options, 'host')
  const port: unknown = Reflect.get(options, 'port')
  if (typeof host !== 'string') return undefined
  const destination = names.resolve(host, Number(port))
  if (!destination) return undefined
  const servername: unknown = Reflect.get(options, 'servername')
  return { ...options, ...destination, ca, servername: servername ?? host }
}
