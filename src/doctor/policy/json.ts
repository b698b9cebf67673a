import type { EgressPolicy } from './egress-policy.js'

/** For programs. The samples are for tests and are not printed. */
export function jsonPolicy({ exceptions, ranges, names }: EgressPolicy): string {
  const document = {
    schemaVersion: 1,
    exceptions: exceptions.map(({ cidr, family, port }) => ({ cidr, family, port })),
    ranges: ranges.map(({ cidr, family, category, reason }) => ({ cidr, family, category, reason })),
    names,
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
