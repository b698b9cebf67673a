import type { Dispatcher } from 'undici'
import type { Hooks } from '../hooks.js'
import { createCarrier, type Carrier } from './carrier.js'
import type { HookContext } from './context.js'
import { hookFetch } from './fetch.js'

/**
 * Where undici keeps its default dispatcher: versions 6 and 7, and Node 20 to 24 in their built-in fetch, read the first;
 * version 8 and Node 26 read the second.
 * https://github.com/nodejs/undici/blob/v8.0.0/lib/global.js
 */
const KEYS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'] as const

/**
 * The default dispatcher of every undici in the process, the one inside Node included. It is a plain object: what it
 * leads through the proxy needs our own undici, which is loaded by the first request in scope.
 */
export function hookUndici(context: HookContext): void {
  // Node loads its undici when it is first used, and it then makes its own default dispatcher unless there is one. It is
  // made now: what is outside of the scope goes through it, and stop() puts it back.
  if (KEYS.every((key) => dispatcherAt(key) === undefined)) Reflect.get(globalThis, 'Response')
  const [first, second] = [dispatcherAt(KEYS[0]), dispatcherAt(KEYS[1])]
  replaceDispatcher(KEYS[0], first, context)
  replaceDispatcher(KEYS[1], second, context)
  hookFetch(context, Number.parseInt(process.versions['undici'] ?? '', 10) >= 8 ? second : first)
}

function replaceDispatcher(key: string, previous: Dispatcher | undefined, context: HookContext): void {
  const symbol = Symbol.for(key)
  const carrier = createCarrier('undici', previous, context)
  if (previous !== undefined) context.hooks.value(key, globalThis, symbol, carrier)
  else defineUnread(key, symbol, carrier, context.hooks)
}

/**
 * No undici has used this key yet. One that is loaded from now on finds the carrier, and goes on using the key after
 * stop(): then it keeps the carrier, which passes everything on. Otherwise the key vanishes again.
 */
function defineUnread(name: string, symbol: symbol, carrier: Carrier, hooks: Hooks): void {
  let read = false
  const get = (): Carrier => {
    read = true
    return carrier
  }
  const set = (value: unknown): void => {
    Object.defineProperty(globalThis, symbol, {
      value,
      writable: true,
      enumerable: false,
      configurable: false,
    })
  }
  Object.defineProperty(globalThis, symbol, { get, set, enumerable: false, configurable: true })
  hooks.add({
    name,
    isInPlace: () => Object.getOwnPropertyDescriptor(globalThis, symbol)?.get === get,
    restore: () => {
      if (read) set(carrier)
      else Reflect.deleteProperty(globalThis, symbol)
    },
  })
}

function dispatcherAt(key: string): Dispatcher | undefined {
  const value: unknown = Reflect.get(globalThis, Symbol.for(key))
  return isDispatcher(value) ? value : undefined
}

function isDispatcher(value: unknown): value is Dispatcher {
  return (
    typeof value === 'object' && value !== null && 'dispatch' in value && typeof value.dispatch === 'function'
  )
}
