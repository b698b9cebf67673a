export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)]
  if (upper === undefined || !Number.isInteger(middle)) return upper
  const lower = sorted[middle - 1] ?? upper
  return (lower + upper) / 2
}

/**
 * The median of the ratios of each round: the two were measured one after the other, so what slowed the
 * machine down in a round slowed down both.
 */
export function pairedRatio(values: readonly number[], base: readonly number[]): number | undefined {
  const ratios = values.flatMap((value, round) => {
    const other = base[round]
    return other === undefined || other === 0 ? [] : [value / other]
  })
  return median(ratios)
}
