import type { Dispatcher } from 'undici'
import { addressOf } from '../../tunnel/target.js'
import type { HookContext } from './context.js'
import { createCarrier } from './carrier.js'

/**
 * The built-in fetch. It takes the default dispatcher of undici.ts, unless a call brings its own: this hook sets that one
 * aside in scope. It also tells fetch from the other users of undici.
 *
 * @param previous takes what is not in scope, a redirect for one
 */
export function hookFetch(context: HookContext, previous: Dispatcher | undefined): void {
  const { hooks, decisions } = context
  const carrier = createCarrier('fetch', previous, context)
  hooks.method('fetch', globalThis, 'fetch', (_self, [input, init], pass) => {
    // Node says what is wrong with any other.
    const usable = init === undefined || init === null || typeof init === 'object'
    const host = usable ? hostOf(input) : undefined
    if (host === undefined || !decisions.concerns(host)) return pass()
    return pass([input, withDispatcher(init ?? {}, carrier)])
  })
}

function hostOf(input: unknown): string | undefined {
  try {
    const url = input instanceof Request ? input.url : input
    return addressOf(url instanceof URL ? url : new URL(String(url))).host
  } catch {
    return undefined
  }
}

/** A view, and no copy: a Request can stand in the place of the options, and its members are no own properties. */
function withDispatcher(init: object, dispatcher: object): object {
  return new Proxy(init, {
    get: (target, key): unknown => (key === 'dispatcher' ? dispatcher : Reflect.get(target, key)),
    has: (target, key) => key === 'dispatcher' || Reflect.has(target, key),
  })
}
