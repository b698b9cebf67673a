import type { EgressPolicy } from './egress-policy.js'

/** Dante refuses to load a rule about IPv4-mapped addresses. It matches a mapped address by the IPv4 rules. */
const UNKNOWN_TO_DANTE = new Set(['::ffff:0:0/96'])

/**
 * Rules of danted.conf, where the first match decides: they belong before the first `socks pass`.
 *
 * `from` is the client's address. `0/0` stands for clients of both families; `0.0.0.0/0` would leave a
 * destination open to IPv6 clients, and `::/0` to IPv4 clients (sockd.conf(5), ADDRESSES).
 */
export function dantePolicy({ exceptions, ranges, names }: EgressPolicy): string {
  const pass = ({ cidr, port }: EgressPolicy['exceptions'][number]): string =>
    `socks pass {\n  from: 0/0 to: ${cidr}${port === null ? '' : ` port = ${port}`}\n  command: connect\n}`
  const block = (to: string): string => `socks block {\n  from: 0/0 to: ${to}\n  log: connect error\n}`
  return [
    '# Destinations that an egress proxy should refuse.',
    '# Put this before the first "socks pass" in danted.conf.',
    '',
    ...(exceptions.length === 0 ? [] : ['# Exceptions. Replace 0/0 with the network of your clients.']),
    ...exceptions.map(pass),
    ...ranges.map(({ cidr, category, reason }) =>
      UNKNOWN_TO_DANTE.has(cidr)
        ? `# ${cidr}: ${reason}. Dante matches it by its IPv4 rules`
        : `# ${category}: ${reason}\n${block(cidr)}`,
    ),
    ...names.map(({ name, category, reason }) => `# ${category}: ${reason}\n${block(name)}`),
    '',
  ].join('\n')
}
