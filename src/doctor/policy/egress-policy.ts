import { unusable } from '../../errors.js'
import { addressOf, contains, parseCidr, valueOf, type Cidr } from './cidr.js'
import { DENIED_NAMES, DENIED_RANGES, type DeniedName, type DeniedRange } from './destinations.js'

/** What an operator adds to the list of denied destinations, and takes away from it. */
export interface PolicyOptions {
  /** More ranges (`203.0.113.0/24`), addresses and names that the proxy must refuse. */
  readonly also?: readonly string[] | undefined
  /**
   * Ranges and addresses that the proxy must let through although the list denies them. A port limits the
   * exception to that port: `10.0.0.5/32:8443`, `[fd00::5/128]:8443`.
   */
  readonly except?: readonly string[] | undefined
}

/** A range that is let through although another range of the policy holds it. */
export interface PolicyException {
  readonly cidr: string
  readonly family: 4 | 6
  /** Null: every port. */
  readonly port: number | null
  /** The address that `validate --policy` tries. */
  readonly sample: string
}

/** The destinations that an egress proxy should refuse. Exceptions stand before the denials. */
export interface EgressPolicy {
  readonly exceptions: readonly PolicyException[]
  readonly ranges: readonly DeniedRange[]
  readonly names: readonly DeniedName[]
}

/** @throws TransportError ERR_PROXY_CONFIG that names the option */
export function egressPolicy({ also = [], except = [] }: PolicyOptions = {}): EgressPolicy {
  const added = textsOf(also, 'also').map(parseAddition)
  const known = new Set<string>([
    ...DENIED_RANGES.map(({ cidr }) => cidr),
    ...DENIED_NAMES.map(({ name }) => name),
  ])
  const isNew = (key: string): boolean => !known.has(key) && known.add(key).has(key)
  return {
    exceptions: textsOf(except, 'except').map(parseException),
    ranges: [
      ...DENIED_RANGES,
      ...added.flatMap((item) => ('cidr' in item && isNew(item.cidr) ? [item] : [])),
    ],
    names: [...DENIED_NAMES, ...added.flatMap((item) => ('name' in item && isNew(item.name) ? [item] : []))],
  }
}

/** Options may come from JavaScript, where the types are not checked. */
function textsOf(values: readonly string[], option: 'also' | 'except'): readonly string[] {
  const isArray: boolean = Array.isArray(values)
  if (isArray && values.every((value) => typeof value === 'string')) return values
  throw invalid(option)
}

function invalid(option: 'also' | 'except'): Error {
  return unusable(option, `policy.${option}`, `policy.${option}.hint`)
}

/** RFC 1123 §2.1 with underscores, which internal names often have. */
const NAME = /^(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/i

function parseAddition(text: string): DeniedRange | DeniedName {
  const added = { category: 'added', reason: 'added by the operator' } as const
  const range = parseCidr(text)
  if (range !== undefined)
    return { ...added, cidr: range.cidr, family: range.family, sample: sampleOf(range) }
  const name = text.replace(/\.$/, '').toLowerCase()
  // A last label of digits alone would be an address that is not one (WHATWG URL, "ends in a number").
  if (name.length > 253 || !NAME.test(name) || /(?:^|\.)\d+$/.test(name)) throw invalid('also')
  return { ...added, name }
}

function parseException(text: string): PolicyException {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const range = parseCidr(bracketed ?? plain ?? text)
  const number = port === undefined ? null : Number(port)
  if (range === undefined || number === 0 || (number ?? 0) > 65_535) throw invalid('except')
  return { cidr: range.cidr, family: range.family, port: number, sample: sampleOf(range) }
}

/** The first address that a host of the network can have. */
function sampleOf({ first, last, family }: Cidr): string {
  return addressOf(first === last ? first : first + 1n, family)
}

/**
 * An address of the range to which a connection must be refused on this port: its sample, or a neighbour of an
 * exception that covers the sample. Undefined where the exceptions cover all candidates.
 */
export function deniedSample(
  { cidr, sample, family }: DeniedRange,
  exceptions: readonly PolicyException[],
  port: number,
): string | undefined {
  const range = parseCidr(cidr)
  if (range === undefined) throw new TypeError(`not a range: ${cidr}`)
  const open = exceptions
    .filter((exception) => exception.port === null || exception.port === port)
    .flatMap((exception) => parseCidr(exception.cidr) ?? [])
  const single = (value: bigint): Cidr => ({ cidr: '', family, first: value, last: value })
  const neighbours = open
    .filter((exception) => exception.family === family)
    .flatMap(({ first, last }) => [last + 1n, first - 1n])
  return [valueOf(sample, family), range.first + 1n, ...neighbours]
    .map(single)
    .filter((one) => contains(range, one) && !open.some((exception) => contains(exception, one)))
    .map(({ first }) => addressOf(first, family))
    .at(0)
}
