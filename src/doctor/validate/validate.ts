import type { ProxyDescription } from '../../config/index.js'
import { configError, TransportError } from '../../errors.js'
import { TunnelDispatcher } from '../../dispatcher/dispatcher.js'
import { inParallel } from './in-parallel.js'
import { policyProbes } from './policy-probe.js'
import { openProxiedRoute, type ProxiedRoute, type ProxiedRouteOptions } from './proxied-route.js'
import { checkTimeoutMs } from '../time-limit.js'
import { checkAllowed, checkCanary, checkDenied } from './checks.js'
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

/** Enough to be quick, few enough for a proxy that limits clients. */
const CONCURRENCY = 8

/**
 * Asks an egress proxy what a security-minded operator wants to know: does it let through what it must, and
 * refuse what it must? Everything goes through the proxy; no bypass list counts. Never rejects for what the
 * proxy does.
 *
 * @throws TransportError ERR_PROXY_CONFIG for a URL among `allowedUrls` or `deniedUrls` that is none
 */
export async function validateProxy(options: ValidateOptions = {}): Promise<ProxyValidation> {
  const { allowedUrls, deniedUrls, timeoutMs = DEFAULT_TIMEOUT_MS, policy = false, onCheck } = options
  checkTimeoutMs(timeoutMs)
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
  const dispatcher = new TunnelDispatcher(route, { maxTunnels: CONCURRENCY, keepAliveMs: 0 })
  const asking = { proxied, dispatcher, timeoutMs }
  const works: readonly (() => Promise<ValidationCheck>)[] = [
    ...allowed.map((url) => () => checkAllowed(url, asking)),
    ...(denied?.map((url) => () => checkDenied(url, asking)) ?? [() => checkCanary(asking)]),
    ...(policy ? policyProbes(proxied, timeoutMs) : []),
  ]
  try {
    const checks = await inParallel(works, CONCURRENCY, async (work) => {
      const check = await work()
      onCheck?.(check)
      return check
    })
    return summary(proxy, checks)
  } finally {
    await dispatcher.destroy()
    await route.close()
  }
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

function checkUrls(urls: readonly string[], field: string): readonly URL[] {
  const isArray: boolean = Array.isArray(urls)
  const usable = isArray ? urls.filter(isHttpUrl) : []
  if (isArray && usable.length === urls.length) return usable.map((url) => new URL(url))
  throw configError(
    field,
    'must be an array of http:// or https:// URLs',
    'Write for example https://example.com/.',
  )
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
