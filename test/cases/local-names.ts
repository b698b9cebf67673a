import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'

/** Watches every name that this process looks up, from `watchLookups` to its disposal. */
export interface LookupWatch extends Disposable {
  /** Names, not addresses, in order. */
  readonly names: readonly string[]
}

type Callback = (error: Error | null, ...found: unknown[]) => void

/**
 * Takes the place of the system's resolver: no query leaves, and a name is known only if `known` has an IPv4
 * address for it. SOCKS4 has no room for a name, so its client has to know the addresses; no other has.
 */
export function watchLookups(known: (host: string) => string | undefined): LookupWatch {
  const names: string[] = []
  const { lookup } = dns
  const promised = dns.promises.lookup

  const find = (host: string): { address: string; family: number } | Error => {
    if (host === 'localhost') return { address: '127.0.0.1', family: 4 }
    const family = isIP(host)
    if (family !== 0) return { address: host, family }
    names.push(host)
    const address = known(host)
    if (address !== undefined) return { address, family: 4 }
    const message = `getaddrinfo ENOTFOUND ${host}`
    return Object.assign(new Error(message), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host })
  }

  install(
    (host: string, ...rest: [unknown, Callback] | [Callback]) => {
      const [options, callback] = rest.length === 2 ? rest : [undefined, rest[0]]
      const found = find(host)
      queueMicrotask(() => {
        if (found instanceof Error) callback(found)
        else if (wantsAll(options)) callback(null, [found])
        else callback(null, found.address, found.family)
      })
    },
    (host: string, options?: unknown) => {
      const found = find(host)
      if (found instanceof Error) return Promise.reject(found)
      return Promise.resolve(wantsAll(options) ? [found] : found)
    },
  )
  return { names, [Symbol.dispose]: () => install(lookup, promised) }
}

function wantsAll(options: unknown): boolean {
  return typeof options === 'object' && options !== null && Reflect.get(options, 'all') === true
}

/** Both forms, also for modules that imported them by name. */
function install(lookup: unknown, promised: unknown): void {
  Reflect.set(dns, 'lookup', lookup)
  Reflect.set(dns.promises, 'lookup', promised)
  syncBuiltinESMExports()
}
