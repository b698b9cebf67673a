/** One header out of whatever `fetch` takes as headers; its name in lower case. */
export function readHeader(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  for (const [key, value] of isPairs(headers) ? headers : Object.entries(headers)) {
    if (typeof key === 'string' && key.length === name.length && key.toLowerCase() === name)
      return String(value)
  }
  return undefined
}

/** An array of pairs, a Map, undici's Headers. */
function isPairs(value: object): value is Iterable<readonly unknown[]> {
  return Symbol.iterator in value
}
