import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, normalize, relative, resolve } from 'node:path'
import { isObject, type JsonObject } from '../../config/json.js'
import { sanitizeForeignText } from '../../config/redact.js'
import { readGuarded } from './guarded-file.js'
import { parseConfig } from './parse-config.js'
import { nameOf, settingError } from './setting-error.js'

const INCLUDE = '$include'
const HINT = 'openclaw.include.hint'
const MAX_DEPTH = 10
const MAX_PATH_LENGTH = 4096
const MAX_FILE_BYTES = 2 * 1024 * 1024

/** Keys that would change what every object inherits. */
const DROPPED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** A directory from which files may be included, as it is written and as it is. */
interface Root {
  readonly written: string
  readonly real: string
}

/** One file that is being read. */
interface Place {
  readonly roots: readonly Root[]
  /** The files from the first to this one. */
  readonly files: readonly string[]
  /** The keys from the top of the configuration. */
  readonly keys: readonly string[]
}

/**
 * Puts the files of each `$include` in its place, within OpenClaw's limits: below the configuration's own directory or
 * an allowed one, ten files deep, 2 MiB each. Arrays are joined, objects merged, and of other values the later wins.
 *
 * @throws TransportError ERR_INVALID_OPTIONS that names the place
 */
export async function resolveIncludes(
  tree: unknown,
  file: string,
  allowedRoots: readonly string[],
): Promise<unknown> {
  const roots = await Promise.all(
    [dirname(file), ...allowedRoots].map(async (directory): Promise<Root> => {
      const written = normalize(directory)
      return { written, real: await realpath(written).catch(() => written) }
    }),
  )
  return expand(tree, { roots, files: [normalize(file)], keys: [] })
}

async function expand(value: unknown, place: Place): Promise<unknown> {
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value
    return Promise.all(items.map((item, index) => expand(item, below(place, String(index)))))
  }
  if (!isObject(value)) return value
  const { [INCLUDE]: include, ...rest } = value
  const own = await entriesOf(rest, place)
  if (include === undefined) return own
  const included = await includeAll(include, below(place, INCLUDE))
  if (Object.keys(own).length === 0) return included
  if (isObject(included)) return merge(included, own)
  throw settingError([...place.keys, INCLUDE], 'openclaw.include.siblings', HINT)
}

async function entriesOf(object: JsonObject, place: Place): Promise<JsonObject> {
  const entries = Object.entries(object).filter(([key]) => !DROPPED.has(key))
  const values = await Promise.all(entries.map(([key, value]) => expand(value, below(place, key))))
  return Object.fromEntries(entries.map(([key], index) => [key, values[index]]))
}

async function includeAll(include: unknown, place: Place): Promise<unknown> {
  if (typeof include === 'string') return includeFile(include, place)
  const paths: readonly unknown[] = Array.isArray(include) ? include : [undefined]
  if (!paths.every((path) => typeof path === 'string'))
    throw settingError(place.keys, 'openclaw.include.value', HINT)
  const parts = await Promise.all(paths.map((path) => includeFile(path, place)))
  return parts.reduce<unknown>(merge, {})
}

async function includeFile(path: string, place: Place): Promise<unknown> {
  const file = await resolvePath(path, place)
  const shown = sanitizeForeignText(path)
  if (place.files.includes(file)) {
    const chain = place.files.map((one) => basename(one)).join(', ')
    throw settingError(place.keys, 'openclaw.include.circle', HINT, { file: shown, chain })
  }
  if (place.files.length > MAX_DEPTH)
    throw settingError(place.keys, 'openclaw.include.depth', HINT, { file: shown, depth: MAX_DEPTH })
  const read = await readGuarded(file, { maxBytes: MAX_FILE_BYTES, oneName: true })
  if ('refused' in read)
    throw settingError(place.keys, 'openclaw.include.refused', HINT, { ...read, file: shown })
  const tree = await parseConfig(read.text, `${nameOf(place.keys)} ${shown}`)
  // The keys are those of the including file: errors name a setting by its place in the whole.
  return expand(tree, { ...place, files: [...place.files, file], keys: place.keys.slice(0, -1) })
}

/** The path must lie below a root as it is written, and after symbolic links too. */
async function resolvePath(path: string, place: Place): Promise<string> {
  const file = normalize(resolve(dirname(place.files.at(-1) ?? ''), path))
  if (path.includes('\0') || path.length >= MAX_PATH_LENGTH || file.length >= MAX_PATH_LENGTH)
    throw settingError(place.keys, 'openclaw.include.path', HINT)
  const real = await realpath(file).catch(() => undefined)
  const isAllowed =
    place.roots.some(({ written }) => isInside(written, file)) &&
    (real === undefined || place.roots.some((root) => isInside(root.real, real)))
  if (isAllowed) return file
  const values = { file: sanitizeForeignText(path) }
  throw settingError(place.keys, 'openclaw.include.outside', 'openclaw.include.outside.hint', values)
}

function below(place: Place, key: string): Place {
  return { ...place, keys: [...place.keys, key] }
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path)
  return way !== '' && !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/.test(way)
}

function merge(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second))
    return [...(first as unknown[]), ...(second as unknown[])]
  if (!isObject(first) || !isObject(second)) return second
  const entries = Object.entries(second).map(
    ([key, value]) => [key, Object.hasOwn(first, key) ? merge(first[key], value) : value] as const,
  )
  return { ...first, ...Object.fromEntries(entries) }
}
