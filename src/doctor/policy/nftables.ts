import { DENIED_NAMES, DENIED_RANGES } from './destinations.js'
import { comment } from './comment.js'

/**
 * Sets, and a chain that applies them to one user: that of the proxy. Names are no matter of a packet filter;
 * what they resolve to is in the sets. `auto-merge` because ::/96 holds ::1.
 */
export function nftablesPolicy(): string {
  const set = (family: 4 | 6): string[] => [
    `  set denied${family} {`,
    `    type ipv${family}_addr`,
    '    flags interval',
    '    auto-merge',
    '    elements = {',
    ...DENIED_RANGES.filter((range) => range.family === family).flatMap(({ cidr, category, reason }) => [
      ...comment('      #', category, reason),
      `      ${cidr},`,
    ]),
    '    }',
    '  }',
  ]
  return [
    '# Destinations that an egress proxy should refuse, for the user that the proxy runs as. Load with nft -f.',
    `# Names (${DENIED_NAMES.map(({ name }) => name).join(', ')}) are refused by their addresses.`,
    '',
    '# Change to the user of your proxy: proxy on Debian (squid), squid on Red Hat, danted and so on.',
    'define proxy_user = "proxy"',
    '',
    'table inet egress_policy {',
    ...set(4),
    ...set(6),
    '  chain output {',
    '    type filter hook output priority filter; policy accept;',
    '    # Answers to the clients of the proxy, who may well be on loopback or in a private network.',
    '    ct state established,related accept',
    '    # A resolver in a denied range needs a line of its own here, such as: ip daddr 127.0.0.53 udp dport 53 accept',
    '    meta skuid $proxy_user ip daddr @denied4 counter reject with icmpx admin-prohibited',
    '    meta skuid $proxy_user ip6 daddr @denied6 counter reject with icmpx admin-prohibited',
    '  }',
    '}',
    '',
  ].join('\n')
}
