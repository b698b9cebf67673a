import { problemsError } from '../../config/problems.js'
import type { HookContext } from '../surfaces/context.js'
import { checkCarried, childVariables } from './carried.js'
import { preloadFile } from './node-options.js'
import { hookProcesses } from './processes.js'
import { hookWorkers } from './workers.js'

/**
 * `children: true`: child processes and Workers load the preload, and have its configuration in their variables.
 *
 * @throws TransportError ERR_INVALID_OPTIONS where they cannot have it
 */
export function hookChildren({ options, routes, hooks, onStop }: HookContext): void {
  if (!options.children) return
  checkCarried(routes, options)
  const preload = preloadFile()
  if (preload === undefined)
    throw problemsError(
      [
        {
          text: 'children: the file register.cjs of this package is not there',
          hint: 'A bundler has left it out: leave discord-transport out of the bundle, or leave children out.',
        },
      ],
      'ERR_INVALID_OPTIONS',
    )
  const setup = { preload, variables: () => childVariables(routes, options) }
  hookProcesses(hooks, setup)
  onStop(hookWorkers(hooks, setup))
}
