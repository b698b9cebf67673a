/**
 * Does the work for each item, a given number at a time, and resolves with the results in the order of the items. The
 * first failure lets nothing more begin; it rejects when what has begun is over.
 */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = []
  // A generator is over for every worker as soon as one of them leaves its loop.
  const waiting = (function* () {
    yield* items.entries()
  })()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item)
  }
  const ended = await Promise.allSettled(Array.from({ length: limit }, worker))
  for (const end of ended) if (end.status === 'rejected') throw end.reason
  return results
}
