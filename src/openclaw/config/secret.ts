import { isObject, parseJson, type JsonObject } from '../../config/json.js'
import { sanitizeForeignText } from '../../config/redact.js'
import { readGuarded } from './guarded-file.js'
import { expandHome } from './location.js'
import type { OpenClawConfig } from './openclaw-config.js'
import { settingError, type Path } from './setting-error.js'

const DEFAULT_PROVIDER = 'default'
const MAX_FILE_BYTES = 1024 * 1024
const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/
const PROVIDER = /^[a-z][a-z0-9_-]{0,63}$/

/** A reference to a secret that is kept elsewhere: https://docs.openclaw.ai/gateway/secrets */
interface SecretRef {
  readonly source: string
  readonly provider: string
  readonly id: string
}

/**
 * A setting that may be a reference: `{ source, provider, id }`, or `"$NAME"` and `"${NAME}"` for a variable. Undefined
 * where it is blank or not there. A reference that cannot be resolved never falls back to another source.
 *
 * @throws TransportError ERR_INVALID_OPTIONS that names the setting and never holds the secret
 */
export async function readSecret(config: OpenClawConfig, path: Path): Promise<string | undefined> {
  const value = config.value(path)
  if (value === undefined) return undefined
  const ref = refOf(config, value)
  if (ref !== undefined) return resolveRef(config, path, ref)
  if (typeof value === 'string') return config.text(path)
  throw shapeError(path)
}

function refOf(config: OpenClawConfig, value: unknown): SecretRef | undefined {
  if (typeof value === 'string') {
    const [, braced, bare] = /^(?:\$\{([^}]*)\}|\$(.*))$/.exec(value.trim()) ?? []
    const id = braced ?? bare ?? ''
    return VARIABLE.test(id) ? { source: 'env', provider: defaultProvider(config, 'env'), id } : undefined
  }
  if (!isObject(value)) return undefined
  const { source, provider, id } = value
  if (typeof source !== 'string' || typeof id !== 'string') return undefined
  if (provider === undefined) return { source, provider: defaultProvider(config, source), id }
  return typeof provider === 'string' ? { source, provider, id } : undefined
}

function defaultProvider(config: OpenClawConfig, source: string): string {
  const name = config.value(['secrets', 'defaults', source])
  return typeof name === 'string' && name.trim() !== '' ? name.trim() : DEFAULT_PROVIDER
}

async function resolveRef(config: OpenClawConfig, path: Path, ref: SecretRef): Promise<string> {
  switch (ref.source) {
    case 'env':
      return resolveVariable(config, path, ref)
    case 'file':
      return resolveFile(config, path, ref)
    default:
      throw settingError(path, 'openclaw.secret.source', 'openclaw.secret.source.hint', {
        source: sanitizeForeignText(ref.source, 40),
      })
  }
}

/** The variables need no provider of their own, but one may restrict them. */
function resolveVariable(config: OpenClawConfig, path: Path, ref: SecretRef): string {
  const provider = providerOf(config, ref)
  const isBuiltIn = provider === undefined && ref.provider === defaultProvider(config, 'env')
  if (!VARIABLE.test(ref.id)) throw shapeError(path)
  if (provider === undefined && !isBuiltIn) throw unknownProvider(path, ref)
  const { allowlist } = provider ?? {}
  if (Array.isArray(allowlist) && !allowlist.includes(ref.id))
    throw settingError(path, 'openclaw.secret.denied', 'openclaw.secret.denied.hint', {
      name: ref.id,
      provider: ref.provider,
    })
  return config.substitute(`\${${ref.id}}`, path)
}

async function resolveFile(config: OpenClawConfig, path: Path, ref: SecretRef): Promise<string> {
  const { provider } = ref
  const settings = providerOf(config, ref)
  if (settings === undefined) throw unknownProvider(path, ref)
  const file = expandHome(config.text(['secrets', 'providers', provider, 'path']) ?? '', config.home)
  const maxBytes = config.number(['secrets', 'providers', provider, 'maxBytes'], 1) ?? MAX_FILE_BYTES
  const read = await readGuarded(file, { maxBytes, secret: true })
  if ('refused' in read)
    throw settingError(path, 'openclaw.secret.file', 'openclaw.secret.file.hint', { ...read, provider })
  const text = read.text.replace(/^\ufeff/, '')
  const isWhole = settings['mode'] === 'singleValue'
  const secret = isWhole ? (ref.id === 'value' ? text : undefined) : pointedAt(text, path, ref)
  if (typeof secret === 'string' && secret.trim() !== '') return secret.trim()
  throw settingError(path, 'openclaw.secret.missing', 'openclaw.secret.missing.hint', { provider })
}

/** RFC 6901. */
function pointedAt(text: string, path: Path, { provider, id }: SecretRef): unknown {
  let value = parseJson(text)
  if (!isObject(value))
    throw settingError(path, 'openclaw.secret.json', 'openclaw.secret.json.hint', { provider })
  if (!id.startsWith('/')) return undefined
  for (const token of id.slice(1).split('/')) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}

/** Undefined where there is none of that source. */
function providerOf(config: OpenClawConfig, { source, provider }: SecretRef): JsonObject | undefined {
  if (!PROVIDER.test(provider)) return undefined
  const settings = config.value(['secrets', 'providers', provider])
  return isObject(settings) && settings['source'] === source ? settings : undefined
}

function shapeError(path: Path): Error {
  return settingError(path, 'openclaw.secret.shape', 'openclaw.secret.shape.hint')
}

function unknownProvider(path: Path, { source, provider }: SecretRef): Error {
  const values = { provider: sanitizeForeignText(provider, 64), source }
  return settingError(path, 'openclaw.secret.provider', 'openclaw.secret.provider.hint', values)
}
