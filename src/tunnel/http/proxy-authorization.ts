import type { ProxyAuthorization, ProxySource } from '../../config/index.js'
import { isHeaderValue } from '../../config/proxy-authorization.js'
import { description } from '../../config/resolve-proxy.js'
import type { Attempt } from '../attempt.js'
import { failure, fault, type Via } from '../fault.js'
import type { ProxyRequest } from '../proxy-request.js'

/**
 * The `Proxy-Authorization` of one tunnel: Basic with the credentials as UTF-8 (RFC 7617), unless the options
 * bring a header value of their own, or a function that is asked for one.
 */
export async function proxyAuthorization(
  given: ProxyAuthorization | undefined,
  { endpoint, source, via }: Pick<ProxyRequest, 'endpoint' | 'via'> & { readonly source: ProxySource },
  attempt: Attempt,
): Promise<string | undefined> {
  const { credentials } = endpoint
  if (typeof given === 'string') return given
  if (given !== undefined) return ask(() => given(description(endpoint, source)), via, attempt)
  if (credentials === undefined) return undefined
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
}

const FAILED = fault(
  'ERR_PROXY_CONFIG',
  'proxy-auth',
  'route.authorization.failed',
  'route.authorization.hint',
)
const UNUSABLE = { ...FAILED, message: 'route.authorization.unusable' } as const
const LATE = fault('ERR_PROXY_TIMEOUT', 'proxy-auth', 'route.authorization.late', 'route.authorization.hint')

/** An error repeats neither the value that the function returns nor its error: both can hold the secret. */
async function ask(given: () => unknown, via: Via, attempt: Attempt): Promise<string> {
  // A deadline of its own, since that of the attempt would blame the proxy.
  const timeoutMs = attempt.partMs
  const part = attempt.part(timeoutMs, () => failure(LATE, via, { timeoutMs }))
  try {
    const asked = Promise.resolve().then(given)
    const value = await part.step(
      'proxy-auth',
      asked.catch(() => {
        throw failure(FAILED, via, {})
      }),
    )
    if (isHeaderValue(value)) return value
    throw failure(UNUSABLE, via, {})
  } finally {
    part.dispose()
  }
}
