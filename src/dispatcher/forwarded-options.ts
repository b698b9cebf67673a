import type { Dispatcher } from 'undici'
import type { ForwardProxy } from '../tunnel/index.js'

/** A request as the proxy wants it that forwards it: in absolute-form, with the credentials for the proxy. */
export function forwardedOptions(
  options: Dispatcher.DispatchOptions,
  proxy: ForwardProxy,
): Dispatcher.DispatchOptions {
  const { authorization } = proxy
  const forwarded = { ...options, path: proxy.requestTarget(options.path) }
  if (authorization === undefined) return forwarded
  return {
    ...forwarded,
    headers: [...flatHeaders(options.headers), 'proxy-authorization', authorization],
  }
}

type Headers = NonNullable<Dispatcher.DispatchOptions['headers']>

/** Names and values in turn, without any Proxy-Authorization: there must be one. */
function flatHeaders(headers: Headers | null | undefined): string[] {
  const pairs = pairsOf(headers ?? {})
  return pairs
    .filter(([name]) => name.toLowerCase() !== 'proxy-authorization')
    .flatMap(([name, value]) => [value ?? []].flat().flatMap((one) => [name, one]))
}

type Pair = readonly [name: string, value: string | readonly string[] | undefined]

function pairsOf(headers: Headers): readonly Pair[] {
  if (Array.isArray(headers)) {
    return Array.from({ length: headers.length / 2 }, (_, index) => [
      headers[2 * index] ?? '',
      headers[2 * index + 1],
    ])
  }
  return Symbol.iterator in headers ? [...headers] : Object.entries(headers)
}
