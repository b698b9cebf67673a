import { request, type Dispatcher } from 'undici'
import { sanitizeForeignText, type ProxyDescription } from '../config/index.js'
import { configError, systemCode, TransportError } from '../errors.js'
import { TunnelDispatcher } from '../route/index.js'
import { startCanary } from './canary.js'
import { forwardRequest } from './forwarded-request.js'
import { isDenial, probePolicy } from './policy-probe.js'
import { openProxiedRoute, type ProxiedRoute, type ProxiedRouteOptions } from './proxied-route.js'
import type { PolicyCheck, ProxyValidation, ValidationCheck } from './validation.js'

export interface ValidateOptions extends ProxiedRouteOptions {
  /** URLs that must be answered with a 2xx. Default: Discord and example.com. */
  readonly allowedUrls?: readonly string[] | undefined
  /** URLs that the proxy must refuse. Default: a canary on this host's loopback. */
  readonly deniedUrls?: readonly string[] | undefined
  /** Whether every range of the egress policy is tried too. Default: false. */
  readonly policy?: boolean | undefined
  /** Milliseconds for each destination. Default: 5 000. */
  readonly timeoutMs?: number | undefined
  /** Told of each check when it has ended. */
  readonly onCheck?: ((check: ValidationCheck | PolicyCheck) => void) | undefined
}

const DEFAULT_ALLOWED = ['https://discord.com/api/v10/gateway', 'https://example.com/'] as const
const DEFAULT_TIMEOUT_MS = 5_000

const MARGIN_MS = 100

/** What is read of an answer: enough to find a token in it. */
const MAX_BODY_BYTES = 64 * 1024

/**
 * Asks an egress proxy what a security-minded operator wants to know: does it let through what it must, and
 * refuse what it must? Everything goes through the proxy; no bypass list counts. Never rejects for what the
 * proxy does.
 *
 * @throws TransportError ERR_PROXY_CONFIG for a URL among `allowedUrls` or `deniedUrls` that is none
 */
export async function validateProxy(options: ValidateOptions = {}): Promise<ProxyValidation> {
  const { allowedUrls, deniedUrls, timeoutMs = DEFAULT_TIMEOUT_MS, policy = false, onCheck } = options
  const allowed = checkUrls(allowedUrls ?? DEFAULT_ALLOWED, 'allowedUrls')
  const denied = deniedUrls === undefined ? undefined : checkUrls(deniedUrls, 'deniedUrls')
  let proxied: ProxiedRoute
  try {
    proxied = openProxiedRoute(options, timeoutMs)
  } catch (error) {
    if (error instanceof TransportError) return unusable(error)
    throw error
  }
  const { route, proxy } = proxied
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: 8, keepAliveMs: 0, http2: false })
  const told = async <Check extends ValidationCheck>(work: Promise<Check>): Promise<Check> => {
    const check = await work
    onCheck?.(check)
    return check
  }
  try {
    const tests = { proxied, dispatcher, timeoutMs }
    const checks = await Promise.all([
      ...allowed.map((url) => told(checkAllowed(url, tests))),
      ...(denied?.map((url) => told(checkDenied(url, tests))) ?? [told(checkCanary(tests))]),
    ])
    const ranges = policy ? await probePolicy(proxied, timeoutMs, onCheck) : []
    return summary(proxy, [...checks, ...ranges])
  } finally {
    await dispatcher.destroy()
    await route.close()
  }
}

interface Tests {
  readonly proxied: ProxiedRoute
  readonly dispatcher: Dispatcher
  readonly timeoutMs: number
}

function summary(proxy: ProxyDescription, checks: readonly ValidationCheck[]): ProxyValidation {
  return {
    schemaVersion: 1,
    ok: checks.every(({ ok }) => ok),
    config: { enabled: true, proxyUrl: proxy.url, source: proxy.source, errors: [] },
    checks,
  }
}

function unusable({ message }: TransportError): ProxyValidation {
  const config = { enabled: false, proxyUrl: null, source: null, errors: [message] }
  return { schemaVersion: 1, ok: false, config, checks: [] }
}

/** A destination that must be reached: only its own 2xx shows that it was. */
async function checkAllowed(url: URL, tests: Tests): Promise<ValidationCheck> {
  const check = { kind: 'allowed', url: shown(url) } as const
  try {
    const { status } = await get(url, tests)
    const ok = status >= 200 && status < 300
    return { ...check, ok, status, error: ok ? null : `answered ${status}, where a 2xx is expected` }
  } catch (error) {
    return { ...check, ok: false, status: null, error: reasonOf(error, tests) }
  }
}

/**
 * A destination that the proxy must refuse. Fail-closed: an answer shows that it was reached, and a failure
 * without the proxy's refusal shows nothing: the destination may be down today and up tomorrow.
 */
async function checkDenied(url: URL, tests: Tests): Promise<ValidationCheck> {
  const check = { kind: 'denied', url: shown(url) } as const
  try {
    const { status } = await get(url, tests)
    return { ...check, ok: false, status, error: `was reached: it answered ${status}` }
  } catch (error) {
    const reason = reasonOf(error, tests)
    const ok = error instanceof TransportError && isDenial(error, tests.proxied.proxy.protocol)
    return { ...check, ok, status: null, error: ok ? reason : `inconclusive: ${reason}` }
  }
}

/**
 * A server on this host's loopback. By tunnel, and at an HTTP proxy also by a plain request, which rules about
 * CONNECT do not see.
 */
async function checkCanary(tests: Tests): Promise<ValidationCheck> {
  await using canary = await startCanary()
  const url = new URL(canary.url)
  const { endpoint } = tests.proxied
  const ways: (readonly [string, () => Promise<Answer>])[] = [['by CONNECT', () => get(url, tests)]]
  if (endpoint?.protocol === 'http' || endpoint?.protocol === 'https') {
    ways.push([
      'by a plain request',
      () => forwardRequest(endpoint, tests.proxied, canary.url, AbortSignal.timeout(tests.timeoutMs)),
    ])
  }
  const check = { kind: 'canary', url: url.origin } as const
  let answer: string | null = null
  let lastStatus: number | null = null
  for (const [way, ask] of ways) {
    try {
      const { status, body } = await ask()
      lastStatus = status
      if (body.includes(canary.token))
        return {
          ...check,
          ok: false,
          status,
          error: `the loopback canary was reached ${way}: its token came back`,
        }
      if (status >= 200 && status < 300)
        return { ...check, ok: false, status, error: `a 2xx came back ${way} for the loopback canary` }
      answer = `refused with ${status}`
    } catch (error) {
      answer = reasonOf(error, tests)
    }
    // Its answer may have been lost on the way back; that it was asked is enough.
    if (canary.reached)
      return { ...check, ok: false, status: lastStatus, error: `the loopback canary was reached ${way}` }
  }
  return { ...check, ok: true, status: lastStatus, error: answer }
}

interface Answer {
  readonly status: number
  readonly body: string
}

async function get(url: URL, { dispatcher, timeoutMs }: Tests): Promise<Answer> {
  // The tunnel has the same deadline, and its failure says more.
  const signal = AbortSignal.timeout(timeoutMs + MARGIN_MS)
  const { statusCode, body } = await request(url, { dispatcher, signal })
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.length > MAX_BODY_BYTES) break
  }
  return { status: statusCode, body: text }
}

function reasonOf(error: unknown, { timeoutMs }: Tests): string {
  if (error instanceof TransportError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`
  return sanitizeForeignText(systemCode(error) ?? error.name)
}

/** Without credentials and query, either of which may hold a secret. */
function shown(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?***'}`
}

function checkUrls(urls: readonly string[], field: string): readonly URL[] {
  return urls.map((text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
    throw configError(
      field,
      'each must be an http:// or https:// URL',
      'Write for example https://example.com/.',
    )
  })
}
