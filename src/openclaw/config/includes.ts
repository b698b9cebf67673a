import { realpath } from 'node:fs/promises'
import { basename, dirname, isAbsolute, normalize, relative, resolve } from 'node:path'
import { sanitizeForeignText } from '../../config/redact.js'
import { say } from '../../messages/index.js'
import { readGuarded } from './guarded-file.js'
import { isObject, parseConfig, type JsonObject } from './parse-config.js'
import { settingError } from './setting-error.js'

const INCLUDE = '$include'
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
  return new Includes(roots).expand(tree, { files: [normalize(file)], keys: [] })
}

class Includes {
  readonly #roots: readonly Root[]

  constructor(roots: readonly Root[]) {
    this.#roots = roots
  }

  async expand(value: unknown, place: Place): Promise<unknown> {
    if (Array.isArray(value)) {
      const items: readonly unknown[] = value
      return Promise.all(items.map((item, index) => this.expand(item, below(place, String(index)))))
    }
    if (!isObject(value)) return value
    const { [INCLUDE]: include, ...rest } = value
    const own = await this.#entries(rest, place)
    if (include === undefined) return own
    const included = await this.#includeAll(include, below(place, INCLUDE))
    if (Object.keys(own).length === 0) return included
    if (isObject(included)) return merge(included, own)
    throw failure(below(place, INCLUDE), say('openclaw.include.siblings'))
  }

  async #entries(object: JsonObject, place: Place): Promise<JsonObject> {
    const entries = Object.entries(object).filter(([key]) => !DROPPED.has(key))
    const values = await Promise.all(entries.map(([key, value]) => this.expand(value, below(place, key))))
    return Object.fromEntries(entries.map(([key], index) => [key, values[index]]))
  }

  async #includeAll(include: unknown, place: Place): Promise<unknown> {
    if (typeof include === 'string') return this.#includeFile(include, place)
    const paths: readonly unknown[] = Array.isArray(include) ? include : [undefined]
    if (!paths.every((path) => typeof path === 'string')) throw failure(place, say('openclaw.include.value'))
    const parts = await Promise.all(paths.map((path) => this.#includeFile(path, place)))
    return parts.reduce<unknown>(merge, {})
  }

  async #includeFile(path: string, place: Place): Promise<unknown> {
    const file = await this.#resolve(path, place)
    const shown = sanitizeForeignText(path)
    if (place.files.includes(file)) {
      const chain = place.files.map((one) => basename(one)).join(', ')
      throw failure(place, say('openclaw.include.circle', { file: shown, chain }))
    }
    if (place.files.length > MAX_DEPTH)
      throw failure(place, say('openclaw.include.depth', { file: shown, depth: MAX_DEPTH }))
    const read = await readGuarded(file, { maxBytes: MAX_FILE_BYTES, oneName: true })
    if ('refused' in read)
      throw failure(place, say('openclaw.include.refused', { file: shown, refused: read.refused }))
    const tree = await parseConfig(read.text, `${nameOf(place)} ${shown}`)
    // The keys are those of the including file: errors name a setting by its place in the whole.
    return this.expand(tree, { files: [...place.files, file], keys: place.keys.slice(0, -1) })
  }

  /** The path must lie below a root as it is written, and after symbolic links too. */
  async #resolve(path: string, place: Place): Promise<string> {
    const file = normalize(resolve(dirname(place.files.at(-1) ?? ''), path))
    if (path.includes('\0') || path.length >= MAX_PATH_LENGTH || file.length >= MAX_PATH_LENGTH)
      throw failure(place, say('openclaw.include.path'))
    const real = await realpath(file).catch(() => undefined)
    const isAllowed =
      this.#roots.some(({ written }) => isInside(written, file)) &&
      (real === undefined || this.#roots.some((root) => isInside(root.real, real)))
    if (isAllowed) return file
    throw settingError(
      nameOf(place),
      say('openclaw.include.outside', { file: sanitizeForeignText(path) }),
      say('openclaw.include.outside.hint'),
    )
  }
}

function below({ files, keys }: Place, key: string): Place {
  return { files, keys: [...keys, key] }
}

function nameOf({ keys }: Place): string {
  return keys.map((key) => sanitizeForeignText(key, 40)).join('.')
}

function failure(place: Place, what: string): Error {
  return settingError(nameOf(place), what, say('openclaw.include.hint'))
}

function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path)
  return way !== '' && !isAbsolute(way) && !/^\.\.(?:[\\/]|$)/.test(way)
}

function merge(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) && Array.isArray(second))
    return [...(first as unknown[]), ...(second as unknown[])]
  if (!isObject(first) || !isObject(second)) return second
  const entries = new Map(Object.entries(first))
  for (const [key, value] of Object.entries(second))
    entries.set(key, entries.has(key) ? merge(entries.get(key), value) : value)
  return Object.fromEntries([...entries].filter(([key]) => !DROPPED.has(key)))
}
