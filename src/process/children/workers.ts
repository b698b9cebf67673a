import workerThreads, { type WorkerOptions } from 'node:worker_threads'
import { isOwnConnection } from '../../tunnel/own-connections.js'
import { construct, type Hooks } from '../hooks.js'
import { resolvePreload } from './node-options.js'
import type { ChildSetup } from './processes.js'

/** Where a Worker finds the variables of its parent: they need not stand in its environment. */
const VARIABLES = 'discord-transport.variables'

/** Flags that say what the parent runs, and their value: a Worker has a program of its own. */
const PROGRAM_FLAGS = new Set(['-e', '--eval', '-p', '--print', '-pe'])

/** The variables that this thread has from its parent. Empty in the first thread of a process. */
export function inheritedVariables(): Readonly<Record<string, string>> {
  const found: unknown = workerThreads.isMainThread ? undefined : workerThreads.getEnvironmentData(VARIABLES)
  if (typeof found !== 'object' || found === null) return {}
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

/**
 * Workers. Each gets the preload as an argument, because NODE_OPTIONS that were set after the start of the process do
 * not reach a Worker, and `execArgv: []` or `env: {}` take away what came with the start.
 */
export function hookWorkers(hooks: Hooks, setup: ChildSetup): () => void {
  const original = workerThreads.Worker
  const replacement = new Proxy(original, {
    construct(target, [file, options]: [unknown, unknown?], newTarget): object {
      // The thread of a PAC script.
      if (isOwnConnection()) return construct(target, [file, options], newTarget)
      const variables = setup.variables()
      workerThreads.setEnvironmentData(VARIABLES, variables)
      if (Object.keys(variables).length === 0) return construct(target, [file, options], newTarget)
      const given: WorkerOptions = typeof options === 'object' && options !== null ? options : {}
      const make = (execArgv: readonly string[]): object => {
        const args = [...resolvePreload(execArgv, setup.preload), `--require=${setup.preload}`]
        return construct(target, [file, { ...given, execArgv: args }], newTarget)
      }
      return given.execArgv === undefined ? makeWithOwnFlags(make) : make(given.execArgv)
    },
  })
  hooks.value('worker_threads.Worker', workerThreads, 'Worker', replacement)
  return () => workerThreads.setEnvironmentData(VARIABLES, undefined)
}

/** The flags of this process that a Worker of its own can have; the others are those of the whole process. */
let inheritable: readonly string[] | undefined

/** A Worker has the flags of its parent by default, but refuses some where they are written out. */
function makeWithOwnFlags(make: (execArgv: readonly string[]) => object): object {
  inheritable ??= process.execArgv.filter(
    (flag, index, all) => !PROGRAM_FLAGS.has(flag) && !PROGRAM_FLAGS.has(all[index - 1] ?? ''),
  )
  const known = inheritable
  try {
    return make(known)
  } catch (error) {
    const refused = refusedFlags(error)
    const left = known.filter((flag) => !refused.some((name) => flag === name || flag.startsWith(`${name}=`)))
    if (left.length === known.length) throw error
    inheritable = left
    return make(left)
  }
}

/** Of `Initiated Worker with invalid execArgv flags: --a, --b`. */
function refusedFlags(error: unknown): readonly string[] {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_WORKER_INVALID_EXEC_ARGV')
    return []
  const [, flags = ''] = /: (.*)$/s.exec(error.message) ?? []
  return flags.split(', ').map((flag) => flag.trim())
}
