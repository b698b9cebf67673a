import { isIP, isIPv6, type LookupFunction } from 'node:net'

/** Where something really listens. */
export interface LabAddress {
  readonly host: string
  readonly port: number
}

/**
 * The only place where the names of the fake Discord lead anywhere. No DNS knows them, so what reaches a
 * server of the lab has gone through a proxy that asked here.
 *
 * Each name also has an IPv4 and an IPv6 address out of the ranges for documentation (RFC 5737, RFC 3849),
 * for clients that resolve before they ask the proxy. Nothing on any network answers there either.
 */
export class LabNames {
  readonly #destinations = new Map<string, LabAddress>()
  readonly #addresses = new Map<string, readonly [ipv4: string, ipv6: string]>()
  readonly #owners = new Map<string, string>()

  /** `host:port` leads to `destination` from now on; a second call moves it. */
  add(host: string, port: number, destination: LabAddress): this {
    const name = normalise(host)
    this.#destinations.set(`${name} ${port}`, { host: destination.host, port: destination.port })
    if (isIP(name) === 0 && !this.#addresses.has(name)) {
      const number = this.#addresses.size + 1
      if (number > 254) throw new RangeError('a lab has room for 254 names')
      const pair = [`198.51.100.${number}`, `2001:db8::${number.toString(16)}`] as const
      this.#addresses.set(name, pair)
      for (const address of pair) this.#owners.set(address, name)
    }
    return this
  }

  /** `host:port` leads nowhere any more. The addresses of the name stay its own. */
  remove(host: string, port: number): boolean {
    return this.#destinations.delete(`${normalise(host)} ${port}`)
  }

  /** Where a proxy goes for this name or address; undefined is "no such host" or "nothing on that port". */
  resolve(host: string, port: number): LabAddress | undefined {
    const name = normalise(host)
    return this.#destinations.get(`${this.#owners.get(name) ?? name} ${port}`)
  }

  /** Whether the name or address is known at all, on whatever port. */
  has(host: string): boolean {
    const name = normalise(host)
    if (this.#addresses.has(name) || this.#owners.has(name)) return true
    return [...this.#destinations.keys()].some((key) => key.startsWith(`${name} `))
  }

  /** The address that stands for a name. Throws for a name that was never added. */
  addressOf(host: string, family: 4 | 6 = 4): string {
    const pair = this.#addresses.get(normalise(host))
    if (pair === undefined) throw new Error(`${host} is not a name of this lab`)
    return family === 4 ? pair[0] : pair[1]
  }

  /** Every name with its two addresses. */
  get addresses(): readonly { readonly host: string; readonly ipv4: string; readonly ipv6: string }[] {
    return [...this.#addresses].map(([host, [ipv4, ipv6]]) => ({ host, ipv4, ipv6 }))
  }

  /** A drop-in for `dns.lookup` that knows this lab only: anything else is ENOTFOUND, without a query. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const pair = this.#addresses.get(normalise(host))
    if (pair === undefined) {
      const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), {
        code: 'ENOTFOUND',
        syscall: 'getaddrinfo',
        hostname: host,
      })
      queueMicrotask(() => callback(error, ''))
      return
    }
    const wanted = options.family === 'IPv4' ? 4 : options.family === 'IPv6' ? 6 : (options.family ?? 0)
    const found = [
      { address: pair[0], family: 4 },
      { address: pair[1], family: 6 },
    ].filter(({ family }) => wanted === 0 || wanted === family)
    const first = found[0]!
    queueMicrotask(() => (options.all ? callback(null, found) : callback(null, first.address, first.family)))
  }
}

/** Names compare without case and without the root's dot; IPv6 addresses in their shortest form. */
function normalise(host: string): string {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  if (isIPv6(bare)) return new URL(`http://[${bare}]`).hostname.slice(1, -1)
  return bare.toLowerCase().replace(/\.$/, '')
}
