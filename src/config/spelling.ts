/**
 * The known name that takes the fewest edits to reach, upper and lower case alike; the first on a tie. Undefined if
 * that is more than half of the name, which is no misspelling then.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Longer than any option: no misspelling, and the distance costs the product of both lengths.
  if (name.length > 64) return undefined
  let nearest: string | undefined
  let least = Infinity
  for (const candidate of known) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < least) [nearest, least] = [candidate, edits]
  }
  return least <= name.length / 2 ? nearest : undefined
}

/** Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let index = 0; index < from.length; index += 1) {
    const next = [index + 1]
    for (let column = 0; column < to.length; column += 1) {
      const replace = (row[column] ?? 0) + (from[index] === to[column] ? 0 : 1)
      next.push(Math.min(replace, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
