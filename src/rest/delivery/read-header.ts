/** One header out of whatever `fetch` takes as headers; its name in lower case. */
export function readHeader(headers: unknown, name: string): string | undefined {
  if (typeof headers !== 'object' || headers === null) return undefined
  if (headers instanceof Headers) return headers.get(name) ?? undefined
  if (isPairs(headers)) {
    for (const [key, value] of headers)
      if (typeof key === 'string' && isCalled(key, name)) return String(value)
    return undefined
  }
  for (const key of Object.keys(headers)) if (isCalled(key, name)) return String(Reflect.get(headers, key))
  return undefined
}

function isCalled(key: string, name: string): boolean {
  return key.length === name.length && key.toLowerCase() === name
}

/** An array of pairs, a Map, undici's Headers. */
function isPairs(value: object): value is Iterable<readonly unknown[]> {
  return Symbol.iterator in value
}
