import type { ProxyDescription } from '../../config/index.js'
import { TransportError, unusable } from '../../errors.js'
import { egressPolicy, type EgressPolicy, type PolicyOptions } from '../policy/index.js'
import { TunnelDispatcher } from '../../dispatcher/dispatcher.js'
import type { Asking } from './ask-destination.js'
import { inParallel } from './in-parallel.js'
import { PolicyProbe } from './policy-checks.js'
import { openProxiedRoutes, type ProxiedRoute, type ProxiedRouteOptions } from './proxied-route.js'
import { checkTimeoutMs } from '../time-limit.js'
import { checkAllowed, checkCanary, checkDenied } from './checks.js'
import type { PolicyCheck, ProxyValidation, ValidationCheck } from './validation.js'

/** What `validateProxy()` asks the proxy for. */
export interface ValidateOptions extends ProxiedRouteOptions, PolicyOptions {
  /** URLs that must be answered with a 2xx. Default: Discord and example.com. */
  readonly allowedUrls?: readonly string[] | undefined
  /** URLs that the proxy must refuse. Default: a canary on this host's loopback. */
  readonly deniedUrls?: readonly string[] | undefined
  /** Whether every destination of the egress policy is tried too. `also` and `except` need it. Default: false. */
  readonly policy?: boolean | undefined
  /** Milliseconds for each destination. Default: 5 000. */
  readonly timeoutMs?: number | undefined
  /** Called after each check. */
  readonly onCheck?: ((check: ValidationCheck | PolicyCheck) => void) | undefined
}

const DEFAULT_ALLOWED = ['https://discord.com/api/v10/gateway', 'https://example.com/'] as const
const DEFAULT_TIMEOUT_MS = 5_000

/** Quick, and few enough for a proxy that limits the connections of a client. */
const CONCURRENCY = 8

/**
 * Checks an egress proxy, or each of a list: does it let through what it must, and refuse what it must? Everything goes
 * through the proxy; no bypass list counts. Never rejects because of what the proxy does.
 *
 * @throws TransportError ERR_PROXY_CONFIG for an unusable option, such as a URL in `allowedUrls` or a range in `also`
 */
export async function validateProxy(options: ValidateOptions = {}): Promise<ProxyValidation> {
  const plan = planOf(options)
  let proxied: readonly ProxiedRoute[]
  try {
    proxied = openProxiedRoutes(options, plan.timeoutMs)
  } catch (error) {
    if (error instanceof TransportError) return unusableConfig(error)
    throw error
  }
  // One after the other, so that the checks of a proxy stand together.
  const checks: Check[] = []
  for (const one of proxied) checks.push(...(await checkProxy(one, plan, options.onCheck)))
  return summary(
    proxied.map(({ proxy }) => proxy),
    checks,
  )
}

async function checkProxy(
  proxied: ProxiedRoute,
  plan: Plan,
  onCheck: ValidateOptions['onCheck'],
): Promise<readonly Check[]> {
  const { route } = proxied
  const options = { maxTunnels: CONCURRENCY, keepAliveMs: 0 }
  const tunnels = new TunnelDispatcher(route, { ...options, tunnelOnly: true })
  const forwards = new TunnelDispatcher(route, options)
  try {
    return await runChecks(plan, { proxied, tunnels, forwards, timeoutMs: plan.timeoutMs }, onCheck)
  } finally {
    await tunnels.destroy()
    await forwards.destroy()
    await route.close()
  }
}

/** What is checked, once the options are known to be usable. */
interface Plan {
  readonly allowed: readonly URL[]
  /** Undefined: the canary. */
  readonly denied: readonly URL[] | undefined
  readonly policy: EgressPolicy | undefined
  readonly timeoutMs: number
}

function planOf(options: ValidateOptions): Plan {
  const { allowedUrls, deniedUrls, timeoutMs = DEFAULT_TIMEOUT_MS, policy = false } = options
  checkTimeoutMs(timeoutMs)
  const destinations = egressPolicy(options)
  for (const option of ['also', 'except'] as const)
    if (!policy && options[option] !== undefined)
      throw unusable(option, 'policy.needs-policy', 'policy.needs-policy.hint')
  return {
    allowed: checkUrls(allowedUrls ?? DEFAULT_ALLOWED, 'allowedUrls'),
    denied: deniedUrls === undefined ? undefined : checkUrls(deniedUrls, 'deniedUrls'),
    policy: policy ? destinations : undefined,
    timeoutMs,
  }
}

type Check = ValidationCheck | PolicyCheck

/** The allowed destinations come first: whether they work decides what a failure of the canary proves. */
async function runChecks(
  { allowed, denied, policy, timeoutMs }: Plan,
  asking: Asking,
  onCheck: ValidateOptions['onCheck'],
): Promise<readonly Check[]> {
  const run = (works: readonly (() => Promise<Check>)[]): Promise<Check[]> =>
    inParallel(works, CONCURRENCY, async (work) => {
      const check = await work()
      onCheck?.(check)
      return check
    })
  const reached = await run(allowed.map((url) => () => checkAllowed(url, asking)))
  const proxyWorks = reached.some(({ ok }) => ok)
  const refused = await run([
    ...(denied?.map((url) => () => checkDenied(url, asking)) ?? [() => checkCanary(asking, proxyWorks)]),
    ...(policy === undefined ? [] : new PolicyProbe(asking.proxied, timeoutMs).checks(policy)),
  ])
  return [...reached, ...refused]
}

function summary(proxies: readonly ProxyDescription[], checks: readonly ValidationCheck[]): ProxyValidation {
  const [first] = proxies
  const list = proxies.length > 1 ? { proxyUrls: proxies.map(({ url }) => url) } : {}
  return {
    schemaVersion: 1,
    ok: checks.every(({ ok }) => ok),
    config: {
      enabled: true,
      proxyUrl: first?.url ?? null,
      ...list,
      source: first?.source ?? null,
      errors: [],
    },
    checks,
  }
}

function unusableConfig({ message }: TransportError): ProxyValidation {
  const config = { enabled: false, proxyUrl: null, source: null, errors: [message] }
  return { schemaVersion: 1, ok: false, config, checks: [] }
}

function checkUrls(urls: readonly string[], field: string): readonly URL[] {
  const isArray: boolean = Array.isArray(urls)
  const usable = isArray ? urls.filter(isHttpUrl) : []
  if (isArray && usable.length === urls.length) return usable.map((url) => new URL(url))
  throw unusable(field, 'validate.urls', 'validate.urls.hint')
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
}
