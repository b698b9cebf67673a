import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as Package from '../../src/index.js'

/**
 * The library that the cases run against: the sources, or the packed package as a user has it. For the second
 * `SUBJECT_DIRECTORY` names a project in which it is installed, and `SUBJECT_FORM` is `import` or `require`.
 */
const directory = process.env['SUBJECT_DIRECTORY']

export const { createDiscordTransport, TransportError } =
  directory === undefined ? await import('../../src/index.js') : await installed(directory)

/** How the package was loaded, for reports. */
export const subjectForm = directory === undefined ? 'sources' : (process.env['SUBJECT_FORM'] ?? 'import')

/** The two files of the project load it by Node alone: no transform of the test runner comes between. */
function installed(project: string): Promise<typeof Package> | typeof Package {
  const load: (file: string) => Promise<typeof Package> | typeof Package = createRequire(
    join(project, 'package.json'),
  )
  return load(`./by-${process.env['SUBJECT_FORM'] ?? 'import'}.cjs`)
}
