import { wantedAt, type Decision } from '../decisions.js'
import { construct } from '../hooks.js'
import type { Surface } from '../surface.js'
import type { HookContext } from './context.js'

/**
 * fetch and WebSocket of Bun. Both connect by native code that reads no dispatcher and opens no socket of node:net, so in
 * scope the transport's own take their place. `instanceof WebSocket` does not hold for such a socket.
 */
export function hookBun(context: HookContext): void {
  const { hooks } = context
  hooks.method('fetch', globalThis, 'fetch', (_self, [input, init], pass) => {
    const decision = decide(context, 'fetch', input instanceof Request ? input.url : String(input))
    if (decision.action === 'direct') return pass()
    if (decision.action === 'refuse') return Promise.reject(decision.error)
    return Reflect.apply(decision.route.faces.fetch, undefined, [input, init])
  })
  const { WebSocket } = globalThis
  const replacement = new Proxy(WebSocket, {
    construct(target, values: [url: string | URL, options?: unknown], newTarget): object {
      const [url, options] = values
      const decision = decide(context, 'websocket', String(url))
      if (decision.action === 'direct') return construct(target, values, newTarget)
      if (decision.action === 'refuse') throw decision.error
      return decision.route.faces.createWebSocket(url, webSocketOptions(options))
    },
  })
  hooks.value('WebSocket', globalThis, 'WebSocket', replacement)
}

const OUTSIDE: Decision = { action: 'direct', reason: 'it is no URL with a host', chosen: false }

function decide({ decisions }: HookContext, surface: Surface, text: string): Decision {
  if (!URL.canParse(text)) return OUTSIDE
  const wanted = wantedAt(new URL(text), surface)
  return wanted.host === '' || !decisions.concerns(wanted.host) ? OUTSIDE : decisions.decide(wanted)
}

/** The second argument: subprotocols, or Bun's object with headers. */
function webSocketOptions(options: unknown): {
  readonly protocols?: string | string[]
  readonly headers?: Record<string, string>
} {
  if (typeof options === 'string') return { protocols: options }
  if (Array.isArray(options)) return { protocols: options.map(String) }
  if (typeof options !== 'object' || options === null) return {}
  const headers: unknown = Reflect.get(options, 'headers')
  const protocols: unknown = Reflect.get(options, 'protocols') ?? Reflect.get(options, 'protocol')
  return {
    ...(typeof headers === 'object' && headers !== null
      ? { headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])) }
      : {}),
    ...(protocols === undefined ? {} : webSocketOptions(protocols)),
  }
}
