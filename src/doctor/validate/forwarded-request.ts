import { request as requestHttp, type IncomingMessage, type RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { ProxyEndpoint } from '../../config/index.js'
import { asOwnConnection } from '../../tunnel/own-connections.js'
import { MAX_BODY_BYTES, type Answer } from './answer.js'
import type { ProxiedRoute } from './proxied-route.js'

/**
 * Asks an HTTP proxy for a plain http:// URL without a tunnel (RFC 9112 §3.2.2, absolute-form). Policies that
 * look at CONNECT only let this pass.
 */
export async function forwardRequest(
  { protocol, host, port }: ProxyEndpoint,
  { authorization, proxyTls }: Pick<ProxiedRoute, 'authorization' | 'proxyTls'>,
  url: URL,
  signal: AbortSignal,
): Promise<Answer> {
  const credentials = await authorization()
  const options: RequestOptions = {
    host,
    port,
    path: `${url.origin}${url.pathname}${url.search}`,
    agent: false,
    signal,
    headers: {
      Host: url.host,
      Connection: 'close',
      ...(credentials === undefined ? {} : { 'Proxy-Authorization': credentials }),
    },
  }
  return new Promise((resolve, reject) => {
    const request = asOwnConnection(() =>
      protocol === 'https' ? requestHttps({ ...options, ...proxyTls.options(host) }) : requestHttp(options),
    )
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
