import { DENIED_NAMES, DENIED_RANGES } from './destinations.js'
import { comment } from './comment.js'

/** Dante refuses to load a rule about IPv4-mapped addresses, and to serve a request for one. */
const UNKNOWN_TO_DANTE = new Set(['::ffff:0:0/96'])

/** Rules of danted.conf: the first that matches decides, so these belong before the first `socks pass`. */
export function dantePolicy(): string {
  const block = (to: string, family: 4 | 6): string[] => [
    'socks block {',
    `  from: ${family === 4 ? '0.0.0.0/0' : '::/0'} to: ${to}`,
    '  log: connect error',
    '}',
  ]
  return [
    '# Destinations that an egress proxy should refuse.',
    '# Put this before the first "socks pass" in danted.conf.',
    '',
    ...DENIED_RANGES.flatMap(({ cidr, family, category, reason }) =>
      UNKNOWN_TO_DANTE.has(cidr)
        ? comment('#', cidr, `${reason}. Dante has no rules for it`)
        : [...comment('#', category, reason), ...block(cidr, family)],
    ),
    ...DENIED_NAMES.flatMap(({ name, category, reason }) => [
      ...comment('#', category, reason),
      ...block(name, 4),
    ]),
    '',
  ].join('\n')
}
