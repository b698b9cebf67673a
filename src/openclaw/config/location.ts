import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import type { Environment } from '../../config/index.js'
import { valueOf } from '../../config/variables.js'

/** Where OpenClaw keeps what it reads. */
export interface Location {
  /** The configuration; it may be missing, and is an empty one then. */
  readonly file: string
  /** Files of variables, the first has precedence. */
  readonly envFiles: readonly string[]
  /** Directories beside that of `file` from which `$include` may read. */
  readonly includeRoots: readonly string[]
}

const FILE_NAMES = ['openclaw.json', 'clawdbot.json'] as const
const STATE_DIRECTORIES = ['.openclaw', '.clawdbot'] as const

/**
 * Finds the configuration in OpenClaw's order: OPENCLAW_CONFIG_PATH; what OPENCLAW_STATE_DIR holds; what the default
 * directories hold. The first of them that is set decides. OPENCLAW_PROFILE does not count: `openclaw --profile` sets
 * the other two, and the variable alone leaves the file as it is.
 *
 * @param path stands in place of OPENCLAW_CONFIG_PATH
 */
export function locate(env: Environment, path: string | undefined): Location {
  const home = homeOf(env)
  const given = path ?? valueOf(env, 'OPENCLAW_CONFIG_PATH')
  const state = stateDirectory(env, home)
  const file = given === undefined ? configIn(env, home) : expandHome(given, home)
  const ownDirectory =
    given === undefined || valueOf(env, 'OPENCLAW_STATE_DIR') !== undefined ? [] : [dirname(file)]
  const isDefault = resolve(state) === join(home, STATE_DIRECTORIES[0])
  const services = isDefault ? [join(home, '.config', 'openclaw', 'gateway.env')] : []
  return {
    file,
    envFiles: [
      ...new Set([...[state, ...ownDirectory].map((directory) => join(directory, '.env')), ...services]),
    ],
    includeRoots: pathList(env['OPENCLAW_INCLUDE_ROOTS'], home),
  }
}

/** `~` at the beginning is the home directory; a relative path is relative to the working directory. */
export function expandHome(path: string, home: string): string {
  return resolve(path.trim().replace(/^~(?=$|[\\/])/, () => home))
}

/** OPENCLAW_PROFILE where it names another profile than the default one. */
export function profileOf(env: Environment): string | undefined {
  const profile = valueOf(env, 'OPENCLAW_PROFILE')
  return profile !== undefined && /^(?!default$)[a-z0-9][\w-]{0,63}$/i.test(profile) ? profile : undefined
}

/**
 * The directory of OPENCLAW_PROFILE, where it exists and nothing leads to it: the variable alone chooses the port of the
 * gateway, and no file.
 */
export function passedByProfile(env: Environment): string | undefined {
  const profile = profileOf(env)
  const elsewhere = valueOf(env, 'OPENCLAW_CONFIG_PATH') ?? valueOf(env, 'OPENCLAW_STATE_DIR')
  if (profile === undefined || elsewhere !== undefined) return undefined
  const directory = join(homeOf(env), `${STATE_DIRECTORIES[0]}-${profile}`)
  return existsSync(directory) ? directory : undefined
}

/** OPENCLAW_HOME, HOME, USERPROFILE, or what the system says. */
export function homeOf(env: Environment): string {
  const system = homeIn(env, 'HOME') ?? homeIn(env, 'USERPROFILE') ?? homedir()
  const own = homeIn(env, 'OPENCLAW_HOME')
  return own === undefined ? resolve(system) : expandHome(own, system)
}

function configIn(env: Environment, home: string): string {
  const state = stateOverride(env, home)
  const directories = state === undefined ? STATE_DIRECTORIES.map((name) => join(home, name)) : [state]
  return firstThere(directories.flatMap((directory) => FILE_NAMES.map((name) => join(directory, name))))
}

function stateDirectory(env: Environment, home: string): string {
  return stateOverride(env, home) ?? firstThere(STATE_DIRECTORIES.map((name) => join(home, name)))
}

/** The first where none is there. */
function firstThere(paths: readonly string[]): string {
  const [first = ''] = paths
  return paths.find((path) => existsSync(path)) ?? first
}

function stateOverride(env: Environment, home: string): string | undefined {
  const directory = valueOf(env, 'OPENCLAW_STATE_DIR')
  return directory === undefined ? undefined : expandHome(directory, home)
}

function pathList(value: string | undefined, home: string): readonly string[] {
  const paths = (value ?? '').split(delimiter).filter((path) => path.trim() !== '')
  return [...new Set(paths.map((path) => expandHome(path, home)))]
}

/** Shells and service files write `undefined` and `null` for a home that they do not know. */
function homeIn(env: Environment, name: string): string | undefined {
  const home = valueOf(env, name)
  return home === 'undefined' || home === 'null' ? undefined : home
}
