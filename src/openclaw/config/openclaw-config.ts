import type { Environment } from '../../config/index.js'
import { isObject, type JsonObject } from '../../config/json.js'
import { layeredEnvironment, substitute } from './environment.js'
import { readGuarded } from './guarded-file.js'
import { resolveIncludes } from './includes.js'
import { homeOf, locate, passedByProfile, type Location } from './location.js'
import { parseConfig } from './parse-config.js'
import { settingError, type Path } from './setting-error.js'

/** Where the configuration comes from. */
export interface ConfigSource {
  /** The content, already parsed: no file is read then, unless `path` says which one it came from. */
  readonly config?: object | undefined
  /** The file. Default: the one that OpenClaw would read. */
  readonly path?: string | undefined
  readonly env: Environment
}

/**
 * OpenClaw's configuration with its includes and its variables. A variable is replaced when its setting is read, so one
 * that is missing elsewhere does no harm.
 */
export class OpenClawConfig {
  /** Where a file was looked for and there is none; null otherwise. */
  readonly missing: string | null
  /** The directory of OPENCLAW_PROFILE where that is not read; null otherwise. */
  readonly passedBy: string | null
  /** The home directory, for paths that begin with `~`. */
  readonly home: string
  /** Names in `env` of the configuration that do not count there. */
  readonly ignoredVariables: readonly string[]
  readonly #tree: JsonObject
  readonly #env: Environment

  private constructor(
    tree: JsonObject,
    home: string,
    { env, ignored }: Awaited<ReturnType<typeof layeredEnvironment>>,
    missing: string | null = null,
    passedBy: string | null = null,
  ) {
    this.missing = missing
    this.passedBy = passedBy
    this.home = home
    this.ignoredVariables = ignored
    this.#tree = tree
    this.#env = env
  }

  /**
   * A file that does not exist is an empty configuration, as it is for OpenClaw, unless `path` names it.
   *
   * @throws TransportError ERR_INVALID_OPTIONS for a file that cannot be read or is no object
   */
  static async read({ config, path, env }: ConfigSource): Promise<OpenClawConfig> {
    const home = homeOf(env)
    if (config !== undefined && path === undefined) {
      const tree = checkObject(config, 'config')
      return new OpenClawConfig(tree, home, await layeredEnvironment(env, [], tree))
    }
    const location = locate(env, path)
    const { missing, tree } = await readTree(location, config, path !== undefined)
    const expanded = await resolveIncludes(tree, location.file, location.includeRoots)
    const object = checkObject(expanded, 'path')
    const passedBy = path === undefined ? (passedByProfile(env) ?? null) : null
    const variables = await layeredEnvironment(env, location.envFiles, object)
    return new OpenClawConfig(object, home, variables, missing, passedBy)
  }

  /** All variables that count: those of the process, of `.env` files and of the configuration. */
  get env(): Environment {
    return this.#env
  }

  /** As it is written; undefined where it is not there. */
  value(path: Path): unknown {
    let value: unknown = this.#tree
    for (const key of path) {
      if (!isObject(value) || !Object.hasOwn(value, key)) return undefined
      value = value[key]
    }
    return value
  }

  /** Whether something else than a blank string is there. */
  isSet(path: Path): boolean {
    const value = this.value(path)
    return value !== undefined && (typeof value !== 'string' || value.trim() !== '')
  }

  /**
   * A string without the white space around it; undefined where it is blank or not there.
   *
   * @throws TransportError ERR_INVALID_OPTIONS for another type, and for a variable that is not set
   */
  text(path: Path): string | undefined {
    const value = this.value(path)
    if (value === undefined) return undefined
    if (typeof value !== 'string') throw settingError(path, 'openclaw.text', 'openclaw.text.hint')
    const text = this.substitute(value, path).trim()
    return text === '' ? undefined : text
  }

  /** @throws TransportError ERR_INVALID_OPTIONS that names the variable */
  substitute(text: string, path: Path): string {
    return substitute(text, this.#env, (name) => {
      const values = { name, escaped: `$\${${name}}` }
      throw settingError(path, 'openclaw.unset', 'openclaw.unset.hint', values)
    })
  }

  flag(path: Path): boolean | undefined {
    const value = this.value(path)
    if (value === undefined || typeof value === 'boolean') return value
    throw settingError(path, 'openclaw.flag', 'openclaw.flag.hint')
  }

  /** @param least the smallest number that is allowed */
  number(path: Path, least: number): number | undefined {
    const value = this.value(path)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isFinite(value) && value >= least) return value
    throw settingError(path, 'openclaw.number', 'openclaw.number.hint', { least })
  }

  choice<Choice extends string>(path: Path, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(path)
    const choice = choices.find((one) => one === text)
    if (text === undefined || choice !== undefined) return choice
    throw settingError(path, 'openclaw.choice', 'openclaw.choice.hint', { values: choices.join(', ') })
  }
}

async function readTree(
  { file }: Location,
  config: object | undefined,
  mustExist: boolean,
): Promise<{ readonly missing: string | null; readonly tree: unknown }> {
  if (config !== undefined) return { missing: null, tree: config }
  const read = await readGuarded(file, { maxBytes: Infinity })
  if ('text' in read) return { missing: null, tree: await parseConfig(read.text, 'path') }
  if (read.missing && !mustExist) return { missing: file, tree: {} }
  throw settingError('path', 'openclaw.file', 'openclaw.file.hint', { refused: read.refused })
}

function checkObject(tree: unknown, place: string): JsonObject {
  if (isObject(tree)) return tree
  throw settingError(place, 'openclaw.no-object', 'openclaw.no-object.hint')
}
