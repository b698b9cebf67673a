import type { DeniedName } from './destinations.js'
import type { EgressPolicy } from './egress-policy.js'

const isAdded = ({ category }: DeniedName): boolean => category === 'added'

function namesOf(names: readonly DeniedName[], added: boolean): string {
  return names
    .filter((name) => isAdded(name) === added)
    .map(({ name }) => name)
    .join(', ')
}

/**
 * Sets, and a chain that applies them to the packets of one user: that of the proxy. A packet filter sees no
 * names; the sets hold what the names resolve to. `auto-merge` because ::/96 holds ::1.
 *
 * Rejected with "host unreachable", and not with "administratively prohibited": Dante has no reply for the
 * system error of the latter on IPv6, so its clients could not tell a block from any other failure.
 */
export function nftablesPolicy({ exceptions, ranges, names }: EgressPolicy): string {
  const set = (family: 4 | 6): string[] => [
    `  set denied${family} {`,
    `    type ipv${family}_addr`,
    '    flags interval',
    '    auto-merge',
    '    elements = {',
    ...ranges
      .filter((range) => range.family === family)
      .map(({ cidr, category, reason }) => `      # ${category}: ${reason}\n      ${cidr},`),
    '    }',
    '  }',
  ]
  const accept = ({ cidr, family, port }: EgressPolicy['exceptions'][number]): string =>
    `    meta skuid $proxy_user ${family === 4 ? 'ip' : 'ip6'} daddr ${cidr}${port === null ? '' : ` tcp dport ${port}`} accept`
  return [
    '# Destinations that an egress proxy should refuse, for the user that the proxy runs as. Load with nft -f.',
    `# Names (${namesOf(names, false)}) are refused by their addresses.`,
    ...(names.some(isAdded)
      ? [`# NOT refused: ${namesOf(names, true)}. Add the addresses of these names to the policy.`]
      : []),
    '# The proxy cannot tell its clients that a rule refused them: they see a failed connection.',
    '',
    '# Change to the user of your proxy: proxy on Debian (squid), squid on Red Hat, danted and so on.',
    'define proxy_user = "proxy"',
    '',
    'table inet egress_policy {',
    ...set(4),
    ...set(6),
    '  chain output {',
    '    type filter hook output priority filter; policy accept;',
    '    # Answers to the clients of the proxy, which may be on loopback or in a private network.',
    '    ct state established,related accept',
    '    # A resolver in a denied range needs a line of its own here, such as: ip daddr 127.0.0.53 udp dport 53 accept',
    ...(exceptions.length === 0 ? [] : ['    # Exceptions.', ...exceptions.map(accept)]),
    '    meta skuid $proxy_user ip daddr @denied4 counter reject with icmpx host-unreachable',
    '    meta skuid $proxy_user ip6 daddr @denied6 counter reject with icmpx host-unreachable',
    '  }',
    '}',
    '',
  ].join('\n')
}
