import { inspect, type InspectOptions } from 'node:util'

const MASK = '***'

/** Fields whose text is a secret wherever they stand. `raw` is the whole text of a configuration file. */
const SECRET_FIELD =
  /token$|password$|passphrase$|secret$|secrets$|apikey$|privatekey$|credential|authorization$|cookie$|^raw$|^pluginsurfaceurls$|^recoveryscope$|^vars$/i

/** What OpenClaw writes where it has hidden a value itself. */
const HIDDEN_BY_GATEWAY = '__OPENCLAW_REDACTED__'

/** A URL with a user name or a password. */
const URL_CREDENTIALS = /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]+@/i

/**
 * Makes the secrets of an answer invisible to inspection, JSON and spread: there they are `***`. By its name each field
 * can still be read. Changes the value and returns it.
 *
 * OpenClaw shows `env.vars` of its configuration in clear to everybody who may read, and hello-ok holds a device token
 * and capability URLs.
 */
export function concealSecrets<Value>(value: Value): Value {
  walk(value, false)
  return value
}

function walk(value: unknown, inEnv: boolean): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const item of value) walk(item, false)
    return
  }
  const hidden: string[] = []
  for (const [name, field] of Object.entries(value)) {
    if (isSecret(name, field, inEnv)) hidden.push(name)
    else walk(field, name === 'env')
  }
  if (hidden.length > 0) hide(value, hidden)
}

/** @param inEnv directly under a field `env`, where each string is the value of a variable */
function isSecret(name: string, field: unknown, inEnv: boolean): boolean {
  if (field === null || field === undefined || field === HIDDEN_BY_GATEWAY) return false
  if (typeof field === 'boolean' || typeof field === 'number') return false
  if (typeof field === 'string') return inEnv || SECRET_FIELD.test(name) || URL_CREDENTIALS.test(field)
  return SECRET_FIELD.test(name)
}

/** As `conceal` of the transport does it, with `***` to see that something is there. */
function hide(record: object, names: readonly string[]): void {
  const masks: Record<string, string> = {}
  for (const name of names) {
    const current: unknown = Reflect.get(record, name)
    Object.defineProperty(record, name, { enumerable: false, configurable: false, get: () => current })
    masks[name] = MASK
  }
  const shown = (): Record<string, unknown> => ({ ...record, ...masks })
  const show = (_depth: number, options: InspectOptions): string => inspect(shown(), options)
  Object.defineProperty(record, inspect.custom, { value: show })
  Object.defineProperty(record, 'toJSON', { value: shown })
}

/** Methods whose answers may hold secrets. The answers of the others are large and hold none. */
const ANSWERS_SECRETS = /^(?:connect$|config\.|device\.|talk\.|wizard\.|web\.|secrets\.|node\.pair)/

export function answersSecrets(method: string): boolean {
  return ANSWERS_SECRETS.test(method)
}
