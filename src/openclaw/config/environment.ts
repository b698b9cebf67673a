import { parseEnv } from 'node:util'
import type { Environment } from '../../config/index.js'
import { isObject, type JsonObject } from '../../config/json.js'
import { readGuarded } from './guarded-file.js'

const MAX_ENV_FILE_BYTES = 1024 * 1024

const PORTABLE_NAME = /^[A-Za-z_]\w*$/

/** What OpenClaw does not take from the `env` of its configuration, and this package would read. */
const NOT_FROM_CONFIG: ReadonlySet<string> = new Set([
  'ALL_PROXY',
  'HTTPS_PROXY',
  'HTTP_PROXY',
  'NODE_EXTRA_CA_CERTS',
  'NODE_OPTIONS',
  'NODE_TLS_REJECT_UNAUTHORIZED',
  'NO_PROXY',
  'OPENCLAW_INCLUDE_ROOTS',
])

/**
 * The variables that count, in OpenClaw's order: the process, the `.env` files, `env` of the configuration. What is
 * set before stays; the working directory's `.env` is not read.
 */
export async function layeredEnvironment(
  env: Environment,
  envFiles: readonly string[],
  tree: JsonObject,
): Promise<{ readonly env: Environment; readonly ignored: readonly string[] }> {
  const merged: Record<string, string | undefined> = { ...env }
  for (const file of envFiles) {
    const read = await readGuarded(file, { maxBytes: MAX_ENV_FILE_BYTES })
    if ('refused' in read) continue
    for (const [name, value] of Object.entries(parseEnv(read.text)))
      if (PORTABLE_NAME.test(name)) merged[name] ??= value
  }
  const ignored: string[] = []
  for (const [name, value] of variablesOf(tree)) {
    if ((merged[name]?.trim() ?? '') !== '') continue
    if (NOT_FROM_CONFIG.has(name.toUpperCase())) ignored.push(name)
    else merged[name] = value
  }
  return { env: merged, ignored }
}

/** `env.vars`, and strings directly under `env`, which have precedence. A value with a variable in it does not count. */
function variablesOf({ env }: JsonObject): ReadonlyMap<string, string> {
  if (!isObject(env)) return new Map()
  const { vars } = env
  const entries = [...Object.entries(isObject(vars) ? vars : {}), ...Object.entries(env)]
  return new Map(
    entries.flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' &&
      value.trim() !== '' &&
      PORTABLE_NAME.test(name.trim()) &&
      !hasVariable(value)
        ? [[name.trim(), value]]
        : [],
    ),
  )
}

const TOKEN = /(\$?)\$\{([A-Z_][A-Z0-9_]*)\}/g

function hasVariable(text: string): boolean {
  return [...text.matchAll(TOKEN)].some(([, escape]) => escape === '')
}

/**
 * `${NAME}` is the value of a variable, `$${NAME}` the characters `${NAME}`.
 *
 * @param onUnset called for a name without a value; what it returns stands in its place
 */
export function substitute(text: string, env: Environment, onUnset: (name: string) => string): string {
  return text.replace(TOKEN, (whole: string, escape: string, name: string) => {
    if (escape !== '') return whole.slice(1)
    const value = env[name] ?? ''
    return value === '' ? onUnset(name) : value
  })
}
