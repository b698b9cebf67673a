import { isIP } from 'node:net'

/** A network in CIDR notation (RFC 4632, RFC 4291 §2.3). */
export interface Cidr {
  /** In canonical form: `10.0.0.0/8`, `fd00::/8`. */
  readonly cidr: string
  readonly family: 4 | 6
  readonly first: bigint
  readonly last: bigint
}

const BITS = { 4: 32, 6: 128 } as const

/** Undefined where the text is neither an address nor a network. An address alone is a network of one address. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  // A zone (`fe80::1%eth0`) has a meaning on one host only.
  if ((family !== 4 && family !== 6) || rest.length > 0 || address.includes('%')) return undefined
  const length = prefix === undefined ? BITS[family] : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN
  if (!(length <= BITS[family])) return undefined
  const size = 1n << BigInt(BITS[family] - length)
  const value = valueOf(address, family)
  const first = value - (value % size)
  return { cidr: `${addressOf(first, family)}/${length}`, family, first, last: first + size - 1n }
}

/** The address of a number, in canonical form (RFC 5952). */
export function addressOf(value: bigint, family: 4 | 6): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.')
  const groups = Array.from({ length: 8 }, (_, index) => (value >> BigInt(112 - 16 * index)) & 0xffffn)
  return canonicalIPv6(groups.map((group) => group.toString(16)).join(':'))
}

export function valueOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split('.').reduce((value, octet) => (value << 8n) | BigInt(octet), 0n)
  const [head = '', tail = ''] = canonicalIPv6(address).split('::')
  const groupsOf = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const [left, right] = [groupsOf(head), groupsOf(tail)]
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0')
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n)
}

/** The URL parser writes an IPv6 address in one form, with an embedded IPv4 address as two groups. */
function canonicalIPv6(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1)
}

export function contains({ family, first, last }: Cidr, other: Cidr): boolean {
  return family === other.family && first <= other.first && other.last <= last
}
