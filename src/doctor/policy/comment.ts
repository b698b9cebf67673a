/** One comment line. */
export function comment(mark: string, what: string, why: string): string[] {
  return [`${mark} ${what}: ${why}`]
}
