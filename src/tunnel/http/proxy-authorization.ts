import { isHeaderValue, type ProxyAuthorization, type ProxyEndpoint } from '../../config/index.js'
import type { Attempt } from '../attempt.js'
import { failure, type Hop } from '../failures.js'

/**
 * The `Proxy-Authorization` of one tunnel: Basic with the credentials as UTF-8 (RFC 7617), unless the options
 * bring a header value of their own, or a function that is asked for one.
 */
export async function proxyAuthorization(
  given: ProxyAuthorization | undefined,
  { credentials }: ProxyEndpoint,
  hop: Hop,
  attempt: Attempt,
): Promise<string | undefined> {
  if (typeof given === 'string') return given
  if (given !== undefined) return ask(given, hop, attempt)
  if (credentials === undefined) return undefined
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}

/** Neither what the function throws nor what it returns is repeated: both may hold the secret. */
async function ask(given: () => unknown, hop: Hop, attempt: Attempt): Promise<string> {
  // A deadline of its own, since that of the attempt would blame the proxy.
  const part = attempt.part(1, (_phase, timeoutMs) =>
    failed('ERR_PROXY_TIMEOUT', `did not settle within ${timeoutMs} ms`, hop),
  )
  try {
    const asked = Promise.resolve().then(given)
    const value = await part.step(
      'proxy-auth',
      asked.catch(() => {
        throw failed('ERR_PROXY_CONFIG', 'failed', hop)
      }),
    )
    if (isHeaderValue(value)) return value
    throw failed(
      'ERR_PROXY_CONFIG',
      'returned no header value: visible characters and spaces on one line',
      hop,
    )
  } finally {
    part.dispose()
  }
}

function failed(code: 'ERR_PROXY_CONFIG' | 'ERR_PROXY_TIMEOUT', what: string, hop: Hop): Error {
  return failure(code, 'proxy-auth', `The function proxyAuthorization ${what}`, undefined, hop, {
    hint: 'Look into the function that you passed.',
    retryable: code === 'ERR_PROXY_TIMEOUT',
  })
}
