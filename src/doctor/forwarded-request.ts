import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ProxyEndpoint } from '../config/index.js'
import type { ProxiedRoute } from './proxied-route.js'

/** What came back for a request that a proxy was asked to make itself. */
export interface ForwardedAnswer {
  readonly status: number
  /** The beginning of the body. */
  readonly body: string
}

/** More than any canary's answer. */
const MAX_BODY_BYTES = 64 * 1024

/**
 * Asks an HTTP proxy for a plain http:// URL without a tunnel (RFC 9112 §3.2.2, absolute-form). Policies that
 * look at CONNECT only let this pass.
 */
export async function forwardRequest(
  { protocol, host, port }: ProxyEndpoint,
  { authorization, proxyTls }: Pick<ProxiedRoute, 'authorization' | 'proxyTls'>,
  url: string,
  signal: AbortSignal,
): Promise<ForwardedAnswer> {
  const credentials = await authorization()
  const options: RequestOptions = {
    host,
    port,
    path: url,
    agent: false,
    signal,
    headers: {
      Host: new URL(url).host,
      Connection: 'close',
      ...(credentials === undefined ? {} : { 'Proxy-Authorization': credentials }),
    },
  }
  return new Promise((resolve, reject) => {
    const request =
      protocol === 'https' ? requestHttps({ ...options, ...proxyTls.options(host) }) : requestHttp(options)
    request.once('error', reject)
    request.once('response', (response: IncomingMessage) => {
      let body = ''
      response.setEncoding('latin1')
      response.on('data', (chunk: string) => {
        body += chunk
        if (body.length > MAX_BODY_BYTES) response.destroy()
      })
      // Cut short or complete: what is there is looked at.
      response.once('error', () => undefined)
      response.once('close', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.end()
  })
}
