/** Why clients of an egress proxy should not reach a destination. */
export type DestinationCategory =
  /** The operator's own addition. */
  | 'added'
  | 'this host'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'carrier NAT'
  | 'benchmarking'
  | 'documentation'
  | 'multicast'
  | 'reserved'
  | 'discard'
  | 'ORCHID'
  | 'NAT64'
  | '6to4'
  | 'Teredo'
  | 'IPv4 in IPv6'

/** A range of addresses that an egress proxy should refuse. */
export interface DeniedRange {
  readonly cidr: string
  readonly family: 4 | 6
  readonly category: DestinationCategory
  readonly reason: string
  /** An address of the range, for a test. */
  readonly sample: string
}

/** A name that an egress proxy should refuse, whatever it resolves to. */
export interface DeniedName {
  readonly name: string
  readonly category: DestinationCategory
  readonly reason: string
}

type Row = readonly [cidr: string, category: DestinationCategory, sample: string, reason: string]

/**
 * The special-purpose registries of IANA, and the metadata services of clouds that are not in these ranges.
 *
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 */
const RANGES: readonly Row[] = [
  ['0.0.0.0/8', 'this host', '0.0.0.0', '"this network" (RFC 791 §3.2); Linux takes it for loopback'],
  ['10.0.0.0/8', 'private', '10.0.0.1', 'private networks (RFC 1918)'],
  ['100.64.0.0/10', 'carrier NAT', '100.100.100.200', 'shared (RFC 6598); metadata of Alibaba, Tailscale'],
  ['127.0.0.0/8', 'loopback', '127.0.0.1', 'services of the proxy host itself (RFC 1122 §3.2.1.3)'],
  ['168.63.129.16/32', 'metadata', '168.63.129.16', 'platform services of Azure, for each of its machines'],
  ['169.254.0.0/16', 'link-local', '169.254.169.254', 'link-local (RFC 3927); metadata of most clouds'],
  ['172.16.0.0/12', 'private', '172.16.0.1', 'private networks (RFC 1918); the bridges of Docker'],
  ['192.0.0.0/24', 'reserved', '192.0.0.192', 'protocol assignments (RFC 6890); metadata of Oracle Cloud'],
  ['192.0.2.0/24', 'documentation', '192.0.2.1', 'TEST-NET-1 (RFC 5737)'],
  ['192.88.99.0/24', '6to4', '192.88.99.1', 'relays of 6to4, withdrawn (RFC 7526)'],
  ['192.168.0.0/16', 'private', '192.168.0.1', 'private networks (RFC 1918)'],
  ['198.18.0.0/15', 'benchmarking', '198.18.0.1', 'benchmarks (RFC 2544); the fake addresses of Clash'],
  ['198.51.100.0/24', 'documentation', '198.51.100.1', 'TEST-NET-2 (RFC 5737)'],
  ['203.0.113.0/24', 'documentation', '203.0.113.1', 'TEST-NET-3 (RFC 5737)'],
  ['224.0.0.0/4', 'multicast', '224.0.0.1', 'multicast (RFC 5771)'],
  ['240.0.0.0/4', 'reserved', '240.0.0.1', 'reserved (RFC 1112 §4); broadcast 255.255.255.255 (RFC 919)'],
  ['::/128', 'this host', '::', 'unspecified (RFC 4291 §2.5.2); Linux takes it for loopback'],
  ['::1/128', 'loopback', '::1', 'services of the proxy host itself (RFC 4291 §2.5.3)'],
  ['::/96', 'IPv4 in IPv6', '::127.0.0.1', 'IPv4-compatible (RFC 4291 §2.5.5.1): IPv4 in disguise'],
  ['::ffff:0:0/96', 'IPv4 in IPv6', '::ffff:127.0.0.1', 'IPv4-mapped (RFC 4291 §2.5.5.2): IPv4 in disguise'],
  ['64:ff9b::/96', 'NAT64', '64:ff9b::7f00:1', 'NAT64 (RFC 6052): any IPv4 address behind a translator'],
  ['64:ff9b:1::/48', 'NAT64', '64:ff9b:1::1', 'NAT64 for local use (RFC 8215)'],
  ['100::/64', 'discard', '100::1', 'discard-only (RFC 6666)'],
  ['2001::/32', 'Teredo', '2001::1', 'Teredo (RFC 4380): any IPv4 address behind a relay'],
  ['2001:2::/48', 'benchmarking', '2001:2::1', 'benchmarks of network devices (RFC 5180)'],
  ['2001:10::/28', 'ORCHID', '2001:10::1', 'ORCHID, returned (RFC 4843)'],
  ['2001:20::/28', 'ORCHID', '2001:20::1', 'ORCHIDv2, identifiers and no addresses (RFC 7343)'],
  ['2001:db8::/32', 'documentation', '2001:db8::1', 'documentation (RFC 3849)'],
  ['2002::/16', '6to4', '2002:7f00:1::1', '6to4 (RFC 3056): any IPv4 address behind a relay'],
  ['3fff::/20', 'documentation', '3fff::1', 'documentation (RFC 9637)'],
  ['5f00::/16', 'reserved', '5f00::1', 'segment routing identifiers (RFC 9602)'],
  ['fc00::/7', 'private', 'fd00:ec2::254', 'unique local (RFC 4193); metadata of AWS over IPv6'],
  ['fe80::/10', 'link-local', 'fe80::1', 'link-local (RFC 4291 §2.5.6)'],
  ['fec0::/10', 'private', 'fec0::1', 'site-local, deprecated (RFC 3879)'],
  ['ff00::/8', 'multicast', 'ff02::1', 'multicast (RFC 4291 §2.7)'],
]

export const DENIED_RANGES: readonly DeniedRange[] = RANGES.map(([cidr, category, sample, reason]) => ({
  cidr,
  family: cidr.includes(':') ? 6 : 4,
  category,
  reason,
  sample,
}))

export const DENIED_NAMES: readonly DeniedName[] = [
  { name: 'localhost', category: 'loopback', reason: 'the proxy host itself (RFC 6761 §6.3)' },
  {
    name: 'localhost.localdomain',
    category: 'loopback',
    reason: 'the proxy host itself, as many /etc/hosts have it',
  },
  {
    name: 'metadata.google.internal',
    category: 'metadata',
    reason: 'metadata of Google Cloud: tokens of the service account',
  },
]
