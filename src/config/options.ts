import * as z from 'zod'
import type { Agree, Assert } from './agree.js'
import { conceal } from './conceal.js'
import {
  deliveryLimits,
  deliverySchema,
  LIMIT_NAMES,
  type DeliveryLimits,
  type DeliveryOptions,
  type limitsSchema,
} from './delivery-limits.js'
import type { OnEvent, TransportEvent } from './events.js'
import { createLog, logEvent, type Log } from './log.js'
import { describeIssue, problemsError, type Problem } from './problems.js'
import type { ProxyAuthorization } from './proxy-authorization.js'
import {
  authorizationField,
  ENTRY_NAMES,
  listProblems,
  notBlank,
  proxyField,
  type GivenProxy,
  type ProxyOption,
} from './proxy-list.js'
import { RANGES } from './ranges.js'
import { tlsFields, tlsSchema, type TlsOptions } from './tls-options.js'
import { createTlsSettings, type TlsSettings } from './tls-settings.js'
import type { ProxySource } from './types.js'
import { NO_PROXY_VARIABLES, PROXY_VARIABLES, type Environment } from './variables.js'
import { milliseconds, wholeNumber } from './whole-number.js'

/** Options of a transport. Every one may be left out. */
export interface TransportOptions {
  /**
   * The proxy's URL, or a list in order of preference: each entry a URL or `{ url, proxyTls, proxyAuthorization }`.
   * `false` means never a proxy, whatever the environment says; it cannot stand in a list. A blank URL is the same as
   * left out. Default: `OPENCLAW_PROXY_URL`, `HTTPS_PROXY`, `https_proxy`, `ALL_PROXY`, `all_proxy`, the first that is
   * set.
   */
  readonly proxy?: ProxyOption | undefined
  /**
   * What follows where a proxy of a list refuses a destination (403, SOCKS reply 2): `'next'` asks the next proxy, and
   * the one that refused again after 60 seconds; `'fail'` fails. Default: `'next'`.
   */
  readonly onDenied?: 'next' | 'fail' | undefined
  /** Whether creation fails if no proxy is found, instead of going direct. Default: false. */
  readonly required?: boolean | undefined
  /** Where the proxy variables are looked up. Default: `process.env`. */
  readonly env?: Environment | undefined
  /**
   * Destinations that go without the proxy: `'env'` is NO_PROXY / no_proxy, and counts only for a proxy from
   * HTTPS_PROXY or ALL_PROXY; a list counts for `proxy` too; `false` is none. Nothing counts for a proxy from
   * OPENCLAW_PROXY_URL. Default: `'env'`.
   */
  readonly noProxy?: 'env' | readonly string[] | false | undefined
  /** Who resolves the names of destinations: the proxy, or this host. Default: `'proxy'`. */
  readonly dns?: 'proxy' | 'local' | undefined
  /** TLS to an `https://` proxy. Default: Node's. */
  readonly proxyTls?: TlsOptions | undefined
  /** TLS to Discord, inside the tunnel. Default: Node's. */
  readonly tls?: TlsOptions | undefined
  /**
   * `Proxy-Authorization` for HTTP proxies, in place of the credentials of the URL. A function is told the proxy; with
   * a list of proxies it must be one. Default: Basic with those credentials, if there are any.
   */
  readonly proxyAuthorization?: ProxyAuthorization | undefined
  /** Milliseconds for everything up to a usable socket: 1 to 600 000. Default: 10 000. */
  readonly connectTimeoutMs?: number | undefined
  /** Milliseconds that an idle tunnel is kept: 0 to 3 600 000. Default: 60 000. */
  readonly keepAliveMs?: number | undefined
  /** The most tunnels open at one time for REST, over all destinations; WebSockets do not count. Default: 100. */
  readonly maxTunnels?: number | undefined
  /**
   * Whether one tunnel for REST is kept ready while a gateway socket of this transport is open. Default: true.
   */
  readonly keepWarm?: boolean | undefined
  /**
   * Whether `fetch` repeats what fails, and how far. Repeated is what cannot have an effect twice: every request
   * of which not one byte was sent; after that GET, HEAD, PUT, DELETE, and Create Message, which Discord keeps
   * from being doubled by a `nonce` with `enforce_nonce: true` that is added to its body. `false` repeats nothing
   * and changes no body. Default: true.
   */
  readonly delivery?: boolean | DeliveryOptions | undefined
  /**
   * Bytes of the largest file that `fetch` sends: 1 and more. Each file of a form, a Blob, bytes and a stream of known
   * length are checked before anything is sent; a stream of unknown length ends there. Either fails with
   * ERR_UPLOAD_TOO_LARGE. Default: no limit.
   */
  readonly maxFileBytes?: number | undefined
  /**
   * Called with every tunnel that opens, closes or fails, every request that has its answer or fails, and the progress
   * of bodies of 64 KiB or more. Default: none.
   */
  readonly onEvent?: ((event: TransportEvent) => void) | undefined
}

/** The options that keep their form and always have a value after the checks. */
type Settled = {
  readonly [
    Name in
      | 'required'
      | 'env'
      | 'noProxy'
      | 'dns'
      | 'onDenied'
      | 'connectTimeoutMs'
      | 'keepAliveMs'
      | 'maxTunnels'
      | 'keepWarm'
  ]-?: NonNullable<TransportOptions[Name]>
}

/**
 * {@link TransportOptions} after the checks: URL parsed, files read, defaults set. `env` and `proxyAuthorization` hold
 * secrets, and are hidden from inspection and JSON.
 */
export interface ResolvedOptions extends Settled {
  /** In order of preference. Undefined: the environment decides. */
  readonly proxy: readonly GivenProxy[] | false | undefined
  /** Where `proxy` came from. */
  readonly proxySource: ProxySource
  readonly proxyTls: TlsSettings
  readonly tls: TlsSettings
  readonly proxyAuthorization: ProxyAuthorization | undefined
  readonly delivery: DeliveryLimits | false
  /** Infinity: no limit. */
  readonly maxFileBytes: number
  /** The option and the log. */
  readonly onEvent: OnEvent | undefined
  /** Whether the option is set: the log alone listens too. Hidden, since it is not an option. */
  readonly listens: boolean
  /** Undefined unless the environment asks for it. Hidden too, since it is not an option. */
  readonly log: Log | undefined
}

// Not z.array().readonly(): that freezes what it was given, even what is no array, and throws on a Buffer.
const hostList = z.custom<readonly string[]>(
  // Array.from: `every` passes over the holes of a sparse array.
  (value) => Array.isArray(value) && Array.from<unknown>(value).every((entry) => typeof entry === 'string'),
)

/** The one definition of the options. */
const schema = z.strictObject(
  {
    proxy: proxyField.optional(),
    required: z.boolean({ error: 'must be true or false' }).default(false),
    env: z
      .custom<Environment>((value) => typeof value === 'object' && value !== null && !Array.isArray(value), {
        error: 'must be an object of strings, such as process.env',
      })
      .superRefine((env, ctx) => {
        for (const name of [...PROXY_VARIABLES, ...NO_PROXY_VARIABLES]) {
          const value: unknown = env[name]
          if (value !== undefined && typeof value !== 'string') {
            ctx.addIssue({ code: 'custom', path: [name], message: 'must be a string' })
          }
        }
      })
      .optional(),
    noProxy: z
      .union([z.literal('env'), hostList, z.literal(false)], {
        error: "must be 'env', an array of host names, or false",
      })
      .default('env'),
    dns: z.enum(['proxy', 'local'], { error: "must be 'proxy' or 'local'" }).default('proxy'),
    proxyTls: tlsSchema('proxyTls').optional(),
    tls: tlsSchema('tls').optional(),
    proxyAuthorization: authorizationField.optional(),
    onDenied: z.enum(['next', 'fail'], { error: "must be 'next' or 'fail'" }).default('next'),
    connectTimeoutMs: milliseconds(...RANGES.connectTimeoutMs).default(10_000),
    keepAliveMs: milliseconds(...RANGES.keepAliveMs).default(60_000),
    maxTunnels: wholeNumber(...RANGES.maxTunnels).default(100),
    keepWarm: z.boolean({ error: 'must be true or false' }).default(true),
    delivery: deliverySchema.default(deliveryLimits()),
    maxFileBytes: wholeNumber(1, undefined, 'bytes').default(Infinity),
    onEvent: z
      .custom<(event: TransportEvent) => void>((value) => typeof value === 'function', {
        error: 'must be a function',
      })
      .optional(),
  },
  { error: "must be an object such as { proxy: 'socks5://127.0.0.1:1080' }" },
)

type CheckedOptions = z.output<typeof schema>

/** Compiles only while the documented interfaces and the schema say the same. */
export type DocumentedAsChecked = [
  Assert<Agree<TransportOptions, z.input<typeof schema>>>,
  Assert<Agree<TlsOptions, NonNullable<z.input<typeof schema>['tls']>>>,
  Assert<Agree<DeliveryOptions, z.input<typeof limitsSchema>>>,
]

/**
 * Checks the options of a transport and sets the defaults.
 *
 * @param proxySource where the option `proxy` came from
 * @throws TransportError `ERR_PROXY_CONFIG`: one for all bad fields, each by name with what was expected,
 *   and no value of any
 */
export function parseOptions(input: unknown = {}, proxySource: ProxySource = 'config'): ResolvedOptions {
  const result = schema.safeParse(input)
  const problems = [...problemsOf(result.error), ...contradictions(input)]
  if (result.data === undefined || problems.length > 0) throw problemsError(problems)
  return settle(result.data, proxySource)
}

/** Some options changed; those that are hidden are kept too, which a spread would lose. */
export function withOptions(options: ResolvedOptions, changes: Partial<ResolvedOptions>): ResolvedOptions {
  const { env, proxyAuthorization, log, listens } = options
  return concealed({ ...options, env, proxyAuthorization, log, listens, ...changes })
}

/**
 * The same options with another proxy, checked like the `proxy` option. Blank is refused: it would leave the
 * choice to the environment, or be direct.
 *
 * @throws TransportError `ERR_PROXY_CONFIG`
 */
export function replaceProxy(options: ResolvedOptions, input: unknown): ResolvedOptions {
  const { data, error } = z.object({ proxy: proxyField }).safeParse({ proxy: input })
  const { required, proxyAuthorization } = options
  const problems = [...problemsOf(error), ...contradictions({ proxy: input, required, proxyAuthorization })]
  if (data === undefined || problems.length > 0) throw problemsError(problems)
  return withOptions(options, { proxy: notBlank(data.proxy), proxySource: 'config' })
}

function problemsOf(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).flatMap((issue) => describeIssue(issue, knownOptions))
}

/** The names of the options, or of those of one option that is an object. */
function knownOptions([option, , field]: readonly PropertyKey[]): readonly string[] {
  if (option === undefined) return Object.keys(schema.shape)
  if (option === 'delivery') return LIMIT_NAMES
  return option === 'proxy' && field === undefined ? ENTRY_NAMES : Object.keys(tlsFields('tls'))
}

const CONTRADICTION: Problem = {
  text: 'required: contradicts proxy: false, which is never a proxy',
  hint: 'Leave out one of the two.',
}

/** Asked of the raw input, so that they are reported beside other bad fields. */
function contradictions(input: unknown): readonly Problem[] {
  if (typeof input !== 'object' || input === null || !('proxy' in input)) return []
  const authorization = 'proxyAuthorization' in input ? input.proxyAuthorization : undefined
  const required = 'required' in input && input.required === true
  return [
    ...(required && input.proxy === false ? [CONTRADICTION] : []),
    ...listProblems(input.proxy, authorization),
  ]
}

/** Sets the defaults that the schema cannot have. */
function settle(
  { env = process.env, noProxy, onEvent, ...options }: CheckedOptions,
  proxySource: ProxySource,
): ResolvedOptions {
  const log = createLog(env)
  return concealed({
    ...options,
    proxy: options.proxy,
    proxySource,
    env,
    noProxy: typeof noProxy === 'object' ? Object.freeze([...noProxy]) : noProxy,
    proxyTls: options.proxyTls ?? createTlsSettings({}, 'proxyTls'),
    tls: options.tls ?? createTlsSettings({}, 'tls'),
    proxyAuthorization: options.proxyAuthorization,
    onEvent: listener(onEvent, log),
    listens: onEvent !== undefined,
    log,
  })
}

function concealed(options: ResolvedOptions): ResolvedOptions {
  return conceal(options, ['env', 'proxyAuthorization', 'log', 'listens'])
}

/** One listener for the option and the log. */
function listener(onEvent: OnEvent | undefined, log: Log | undefined): OnEvent | undefined {
  if (log === undefined) return onEvent
  return (event) => {
    logEvent(log, event)
    onEvent?.(event)
  }
}
