/**
 * Marks connections that this library makes itself, so that the hooks of the process-wide mode let them pass: they
 * lead to the proxy, or the policy of a transport sends them direct. All copies of the package in a process share it.
 */
interface OwnConnections {
  depth: number
}

const KEY = Symbol.for('discord-transport.own-connections')

function shared(): OwnConnections {
  const existing: unknown = Reflect.get(globalThis, KEY)
  if (isOwnConnections(existing)) return existing
  const created: OwnConnections = { depth: 0 }
  Object.defineProperty(globalThis, KEY, { value: created })
  return created
}

function isOwnConnections(value: unknown): value is OwnConnections {
  return typeof value === 'object' && value !== null && 'depth' in value && typeof value.depth === 'number'
}

const own = shared()

/** Runs `open`. Each connection that it begins before it returns is one of our own, and so is each thread. */
export function asOwnConnection<T>(open: () => T): T {
  own.depth += 1
  try {
    return open()
  } finally {
    own.depth -= 1
  }
}

/** Whether the code that runs now was called by {@link asOwnConnection}. */
export function isOwnConnection(): boolean {
  return own.depth > 0
}
