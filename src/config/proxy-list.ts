import * as z from 'zod'
import { configError } from '../errors.js'
import type { Agree, Assert } from './agree.js'
import { checked } from './checked.js'
import { conceal } from './conceal.js'
import type { Problem } from './problems.js'
import { checkProxyAuthorization, type ProxyAuthorization } from './proxy-authorization.js'
import { parseProxyUrl } from './proxy-url.js'
import { tlsSchema, type TlsOptions } from './tls-options.js'
import type { TlsSettings } from './tls-settings.js'
import type { Proxy } from './types.js'

/** A proxy of a list, with what belongs to it alone. */
export interface ProxyEntry {
  readonly url: string | URL
  /** TLS to this proxy. Default: the option `proxyTls` of the transport. */
  readonly proxyTls?: TlsOptions | undefined
  /** `Proxy-Authorization` for this proxy. Default: the function `proxyAuthorization` of the transport. */
  readonly proxyAuthorization?: ProxyAuthorization | undefined
}

/** The option `proxy`: one proxy, none, or a list in order of preference. */
export type ProxyOption = string | URL | false | readonly (string | URL | ProxyEntry)[]

/** A proxy of the option after the checks. */
export interface GivenProxy {
  readonly proxy: Proxy
  /** Undefined: that of the transport. */
  readonly proxyTls: TlsSettings | undefined
  /** Undefined: that of the transport. Hidden from inspection and JSON, and lost by a spread. */
  readonly proxyAuthorization: ProxyAuthorization | undefined
}

/** A `Proxy-Authorization`, as an option or beside a URL. */
export const authorizationField = z
  .union(
    [z.string(), z.custom<Exclude<ProxyAuthorization, string>>((value) => typeof value === 'function')],
    {
      error: 'must be a string or a function that returns one',
    },
  )
  .transform(checked((value) => (typeof value === 'string' ? checkProxyAuthorization(value) : value)))

const ENTRY = 'must be a URL, or an object such as { url, proxyTls, proxyAuthorization }'

const entrySchema = z.strictObject(
  {
    url: z.union([z.string(), z.instanceof(URL)], { error: 'must be a URL as a string or URL object' }),
    proxyTls: tlsSchema('proxyTls').optional(),
    proxyAuthorization: authorizationField.optional(),
  },
  { error: ENTRY },
)

/** Compiles only while the documented interface and the schema say the same. */
export type EntryAsChecked = Assert<Agree<ProxyEntry, z.input<typeof entrySchema>>>

/** The names of what an entry may hold. */
export const ENTRY_NAMES: readonly string[] = Object.keys(entrySchema.shape)

/** The schema of the option. Undefined is a blank URL, which leaves the choice to the environment. */
export const proxyField = z
  .custom<ProxyOption>(
    (value) => value === false || typeof value === 'string' || value instanceof URL || Array.isArray(value),
    { error: 'must be a URL as a string or URL object, false, or a list of proxies' },
  )
  .transform((value, ctx): readonly GivenProxy[] | false | undefined => {
    if (value === false) return false
    if (typeof value === 'string' && value.trim() === '') return undefined
    return typeof value === 'string' || value instanceof URL
      ? parseEntries([value], ctx, () => 'proxy')
      : parseEntries(value, ctx, (index) => `proxy.${index}`)
  })

function parseEntries(
  entries: readonly (string | URL | ProxyEntry)[],
  ctx: z.RefinementCtx,
  fieldOf: (index: number) => string,
): readonly GivenProxy[] {
  if (entries.length === 0) ctx.addIssue({ code: 'custom', message: 'must name at least one proxy' })
  // Array.from: `map` passes over the holes of a sparse array.
  return Object.freeze(
    Array.from(entries, (entry: unknown, index) =>
      typeof entry === 'string' || entry instanceof URL
        ? parseGiven({ url: entry }, ctx, fieldOf(index))
        : parseEntry(entry, ctx, index, fieldOf(index)),
    ),
  )
}

function parseEntry(entry: unknown, ctx: z.RefinementCtx, index: number, field: string): GivenProxy {
  if (entry === false) {
    ctx.addIssue({
      code: 'custom',
      path: [index],
      message: 'false cannot stand in a list, which is never direct',
    })
    return z.NEVER
  }
  const { data, error } = entrySchema.safeParse(entry)
  for (const issue of error?.issues ?? []) ctx.addIssue({ ...issue, path: [index, ...issue.path] })
  return data === undefined ? z.NEVER : parseGiven(data, ctx, field)
}

function parseGiven(
  { url, proxyTls, proxyAuthorization }: z.output<typeof entrySchema>,
  ctx: z.RefinementCtx,
  field: string,
): GivenProxy {
  return checked(() =>
    conceal<GivenProxy>({ proxy: parseProxyUrl(url, field), proxyTls, proxyAuthorization }, [
      'proxyAuthorization',
    ]),
  )(undefined, ctx)
}

/** Asked of the raw input, so that it is reported beside other bad fields. */
export function listProblems(proxy: unknown, proxyAuthorization: unknown): readonly Problem[] {
  if (!Array.isArray(proxy) || typeof proxyAuthorization !== 'string') return []
  return [
    {
      text: 'proxyAuthorization: must be a function with a list of proxies',
      hint: 'The function is told the proxy. A value for one of them stands beside its URL: { url, proxyAuthorization }.',
    },
  ]
}

/** @throws TransportError ERR_PROXY_CONFIG for a blank URL, which would leave the choice to the environment */
export function notBlank<Given>(given: Given | undefined): Given {
  if (given === undefined) throw configError('proxy', 'must not be blank', 'Pass false for no proxy at all.')
  return given
}
