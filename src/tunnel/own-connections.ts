/** A value that all copies of the package in a process share: that of the copy which was loaded first. */
export function processWide<Value extends object>(name: string, created: Value): Value {
  const key = Symbol.for(`discord-transport.${name}`)
  if (!Reflect.has(globalThis, key)) Object.defineProperty(globalThis, key, { value: created })
  return Reflect.get(globalThis, key) as Value
}

/**
 * Marks connections that this library makes itself, so that the hooks of the process-wide mode let them pass: they
 * lead to the proxy, or the policy of a transport sends them direct.
 */
const own = processWide('own-connections', { depth: 0 })

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

/**
 * Marks a socket that a transport, of whatever copy of the package, hands to undici. A mark on the function that connects
 * would be lost: undici 7 and later wrap it.
 */
export const OWN_SOCKET = Symbol.for('discord-transport.own-socket')
