/** What code passes to net.connect() or tls.connect(), in any of their forms. */
export interface ConnectArguments {
  readonly options: Readonly<Record<PropertyKey, unknown>>
  readonly callback: ((...values: unknown[]) => void) | undefined
}

/** Where such a call leads. */
export interface ConnectTarget {
  readonly host: string
  readonly port: number
}

/**
 * `(options)`, `(port, host)`, `(path)`; tls.connect() takes its options behind those too. A listener comes last.
 * https://nodejs.org/api/net.html#netconnect
 */
export function connectArguments(values: readonly unknown[]): ConnectArguments {
  // Socket.prototype.connect() is also called by Node, with the arguments in a list that it has read.
  const [list] = values
  if (Array.isArray(list)) return connectArguments(list)
  const last = values.at(-1)
  const [first, second, third] = values
  const more = isRecord(second) ? second : isRecord(third) ? third : undefined
  const options = optionsOf(first, second)
  return {
    options: more === undefined ? options : { ...options, ...more },
    callback: isListener(last) ? last : undefined,
  }
}

/** Undefined for a path, and for what Node will refuse itself. */
export function connectTarget({ options }: ConnectArguments): ConnectTarget | undefined {
  const { host, port, path } = options
  if (typeof path === 'string' && path !== '') return undefined
  const number = typeof port === 'string' && port.trim() !== '' ? Number(port) : port
  if (typeof number !== 'number' || !Number.isInteger(number) || number < 1 || number > 65_535)
    return undefined
  if (host === undefined || host === null || host === '') return { host: 'localhost', port: number }
  return typeof host === 'string' ? { host, port: number } : undefined
}

function optionsOf(first: unknown, second: unknown): Record<PropertyKey, unknown> {
  if (isRecord(first)) return first
  if (typeof first === 'string' && !(Number(first) >= 0)) return { path: first }
  return typeof second === 'string' ? { port: first, host: second } : { port: first }
}

function isRecord(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null
}

function isListener(value: unknown): value is (...values: unknown[]) => void {
  return typeof value === 'function'
}
