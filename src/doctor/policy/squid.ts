import type { EgressPolicy, PolicyException } from './egress-policy.js'

/**
 * Squid keeps every IPv4 address as an IPv4-mapped one: as an ACL that range would be all of IPv4. A mapped
 * literal in a request is matched by the IPv4 rules. http://www.squid-cache.org/Doc/config/acl/
 */
const UNKNOWN_TO_SQUID = new Set(['::ffff:0:0/96'])

/**
 * Rules to be included before the first `http_access allow`. `dst` also matches what a name resolves to.
 *
 * Ranges that may overlap are in ACLs of their own: of two ranges of one ACL, Squid ignores the one that lies
 * in the other.
 */
export function squidPolicy({ exceptions, ranges, names }: EgressPolicy): string {
  const acls = ranges.map(({ cidr, category, reason }, index) => {
    if (UNKNOWN_TO_SQUID.has(cidr))
      return { line: `# ${cidr}: ${reason}. Squid matches it by its IPv4 rules` }
    const overlaps = category === 'added' || cidr === '::/96'
    const name = overlaps ? `denied_range_${index + 1}` : 'denied_ranges'
    return { name, line: `# ${category}: ${reason}\nacl ${name} dst ${cidr}` }
  })
  const denied = new Set(acls.flatMap(({ name }) => name ?? []))
  const except = exceptions.length === 0 ? '' : ' !denied_exceptions'
  return [
    '# Destinations that an egress proxy should refuse.',
    '# Put this before the first "http_access allow", in squid.conf or as a file that it includes.',
    '',
    ...exceptionLines(exceptions),
    ...acls.map(({ line }) => line),
    '',
    ...names.map(
      ({ name, category, reason }) => `# ${category}: ${reason}\nacl denied_names dstdomain -n ${name}`,
    ),
    '',
    'http_access deny denied_names',
    ...[...denied].map((name) => `http_access deny ${name}${except}`),
    '',
  ].join('\n')
}

/** An exception takes a destination out of the denials; the rules that follow still decide about the client. */
function exceptionLines(exceptions: readonly PolicyException[]): readonly string[] {
  if (exceptions.length === 0) return []
  const lines = exceptions.flatMap(({ cidr, port }, index) => {
    const name = `denied_exception_${index + 1}`
    if (port === null) return [`acl ${name} dst -n ${cidr}`]
    return [
      `acl ${name}_address dst -n ${cidr}`,
      `acl ${name}_port port ${port}`,
      `acl ${name} all-of ${name}_address ${name}_port`,
    ]
  })
  return [
    '# Exceptions. -n: for the address itself, and not for a name that resolves to it, since such a name can',
    '# have a second address. Your rules for clients and ports still apply, such as "deny CONNECT !SSL_ports".',
    ...lines,
    `acl denied_exceptions any-of ${exceptions.map((_, index) => `denied_exception_${index + 1}`).join(' ')}`,
    '',
  ]
}
