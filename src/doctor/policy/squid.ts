import { DENIED_NAMES, DENIED_RANGES } from './destinations.js'
import { comment } from './comment.js'

/**
 * Squid keeps every IPv4 address as an IPv4-mapped one: as an ACL that range would be all of IPv4. A mapped
 * literal in a request is matched by the IPv4 rules. http://www.squid-cache.org/Doc/config/acl/
 */
const UNKNOWN_TO_SQUID = new Set(['::ffff:0:0/96'])

/** A range that holds another of the same ACL makes Squid drop one of them: ::/96 holds ::1. */
function aclOf(cidr: string): string {
  return cidr === '::/96' ? 'denied_embedded_ipv4' : 'denied_destinations'
}

/** Rules to be included before the first `http_access allow`. `dst` also matches what a name resolves to. */
export function squidPolicy(): string {
  const ranges = DENIED_RANGES.flatMap(({ cidr, category, reason }) =>
    UNKNOWN_TO_SQUID.has(cidr)
      ? comment('#', cidr, `${reason}. Squid matches it by its IPv4 rules`)
      : [...comment('#', category, reason), `acl ${aclOf(cidr)} dst ${cidr}`],
  )
  const names = DENIED_NAMES.flatMap(({ name, category, reason }) => [
    ...comment('#', category, reason),
    `acl denied_names dstdomain -n ${name}`,
  ])
  return [
    '# Destinations that an egress proxy should refuse.',
    '# Put this before the first "http_access allow", in squid.conf or as a file that it includes.',
    '',
    ...ranges,
    '',
    ...names,
    '',
    'http_access deny denied_names',
    'http_access deny denied_destinations',
    'http_access deny denied_embedded_ipv4',
    '',
  ].join('\n')
}
