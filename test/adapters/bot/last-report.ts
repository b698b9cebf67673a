import type { Stopped } from './messages.js'

/** Resolves when the report is on its way: a process that ends before loses a long one. */
export function sendLastReport(report: Stopped): Promise<void> {
  return new Promise((resolve) => process.send?.(report, () => resolve()))
}
