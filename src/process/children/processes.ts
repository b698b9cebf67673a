import childProcess from 'node:child_process'
import { isObject } from '../../config/json.js'
import type { Variables } from '../environment.js'
import type { Hooks } from '../hooks.js'
import { resolvePreload, withPreload } from './node-options.js'

/** What children are started with. */
export interface ChildSetup {
  /** As they are now: a transport can get another proxy. Empty: children are left alone. */
  readonly variables: () => Variables
  /** Path of the preload. */
  readonly preload: string
}

/**
 * Child processes: spawn, exec, execFile, fork and cluster all start theirs by one method, and those that wait for the
 * end of the child are functions of their own.
 */
export function hookProcesses(hooks: Hooks, setup: ChildSetup): void {
  const { prototype } = childProcess.ChildProcess
  hooks.method('child_process.ChildProcess.prototype.spawn', prototype, 'spawn', (_self, [options], pass) =>
    isObject(options) ? pass([withPairs(options, setup)]) : pass(),
  )
  for (const name of ['spawnSync', 'execSync', 'execFileSync'] as const)
    hooks.method(`child_process.${name}`, childProcess, name, (_self, values, pass) =>
      pass(withEnv(values, setup)),
    )
}

/** The environment of a child with what it needs; the same one where there is no proxy. */
function childEnvironment(
  env: Readonly<Record<string, unknown>>,
  setup: ChildSetup,
): Record<string, unknown> {
  const variables = setup.variables()
  if (Object.keys(variables).length === 0) return { ...env }
  const name = nameOf(env, 'NODE_OPTIONS')
  const options = env[name]
  return {
    ...without(env, Object.keys(variables)),
    ...variables,
    [name]: withPreload(typeof options === 'string' ? options : '', setup.preload),
  }
}

/** On Windows the names of variables are the same in both cases. */
function nameOf(env: Readonly<Record<string, unknown>>, wanted: string): string {
  if (process.platform !== 'win32') return wanted
  return Object.keys(env).find((name) => name.toUpperCase() === wanted) ?? wanted
}

function without(
  env: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (process.platform !== 'win32') return env
  const upper = new Set(names.map((name) => name.toUpperCase()))
  return Object.fromEntries(Object.entries(env).filter(([name]) => !upper.has(name.toUpperCase())))
}

/** Options as spawn() hands them to the child: the environment is a list of `NAME=value`. */
function withPairs(options: object, setup: ChildSetup): object {
  const pairs: unknown = Reflect.get(options, 'envPairs')
  const args: unknown = Reflect.get(options, 'args')
  const env = Object.fromEntries((isStrings(pairs) ? pairs : []).map(splitPair))
  const envPairs = Object.entries(childEnvironment(env, setup)).map(
    ([name, value]) => `${name}=${String(value)}`,
  )
  return {
    ...options,
    envPairs,
    ...(isStrings(args) ? { args: resolvePreload(args, setup.preload) } : {}),
  }
}

/** The first character may be an equals sign: Windows has such variables. */
function splitPair(pair: string): [name: string, value: string] {
  const at = pair.indexOf('=', 1)
  return at === -1 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)]
}

/** The arguments of `execSync(command, options?)`, or of `spawnSync(file, args?, options?)`. */
function withEnv(values: readonly unknown[], setup: ChildSetup): unknown[] {
  const found = values.findIndex((value, index) => index > 0 && isObject(value))
  const at = found === -1 ? (values.length > 1 && !isObject(values[1]) ? 2 : 1) : found
  const options: unknown = values[at]
  const given: unknown = isObject(options) ? Reflect.get(options, 'env') : undefined
  const env = isObject(given) ? { ...given } : process.env
  const result = [...values]
  result[at] = { ...(isObject(options) ? options : {}), env: childEnvironment(env, setup) }
  return result
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string')
}
