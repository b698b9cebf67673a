import { DENIED_NAMES, DENIED_RANGES } from './destinations.js'

/** For programs. The samples are for tests and stay inside. */
export function jsonPolicy(): string {
  const ranges = DENIED_RANGES.map(({ cidr, family, category, reason }) => ({
    cidr,
    family,
    category,
    reason,
  }))
  return `${JSON.stringify({ schemaVersion: 1, ranges, names: DENIED_NAMES }, null, 2)}\n`
}
