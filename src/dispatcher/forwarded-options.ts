import type { Dispatcher } from 'undici'
import type { ForwardProxy } from '../tunnel/index.js'
import { pairsOf } from './body/wire-options.js'

/** A request as the proxy wants it that forwards it: in absolute-form, with the credentials for the proxy. */
export function forwardedOptions(
  options: Dispatcher.DispatchOptions,
  proxy: ForwardProxy,
): Dispatcher.DispatchOptions {
  const { authorization } = proxy
  const forwarded = { ...options, path: proxy.requestTarget(options.path) }
  if (authorization === undefined) return forwarded
  // There must be one.
  const others = pairsOf(options.headers).filter(([name]) => name.toLowerCase() !== 'proxy-authorization')
  return { ...forwarded, headers: [...others.flat(), 'proxy-authorization', authorization] }
}
