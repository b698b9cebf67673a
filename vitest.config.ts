import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { beginWith } from './test/support/first-files.js'
import { ISOLATED_FILES } from './test/support/isolated-files.js'
import { TIMED_FILES } from './test/support/timed-files.js'

// Most files wait most of the time: for a deadline, for five seconds of Discord, for a program.
const WAITING = { test: 3, programs: 2 } as const

/** Each takes more than twenty seconds on two processors. */
const LONGEST = [
  '/docs/docs.programs.ts',
  '/cli/doctor.programs.ts',
  '/process/children.programs.ts',
  '/package/types.programs.ts',
  '/process/frameworks.programs.ts',
  '/examples/demo.programs.ts',
  '/tunnel/pac/pac-failures.test.ts',
  '/gateway/seams.test.ts',
  '/gateway/resume.test.ts',
  '/adapters/faults.test.ts',
  '/gateway/sends.test.ts',
  '/gateway/deadlines.test.ts',
]

/** Three projects for the test files that end in `.ENDING.ts`: most of them, the isolated and the timed ones. */
function projects(name: string, ending: 'test' | 'programs'): TestProjectInlineConfiguration[] {
  const listed = (files: object): string[] =>
    Object.keys(files).filter((file) => file.endsWith(`.${ending}.ts`))
  const isolated = listed(ISOLATED_FILES)
  const timed = listed(TIMED_FILES)
  // Projects with another number of workers are another group.
  const groupOrder = ending === 'test' ? 0 : 1
  const parallel = { maxWorkers: availableParallelism() + WAITING[ending], sequence: { groupOrder } }
  return [
    {
      extends: true,
      test: {
        name,
        include: [`test/**/*.${ending}.ts`],
        exclude: [...configDefaults.exclude, ...timed, ...isolated],
        isolate: false,
        ...parallel,
      },
    },
    { extends: true, test: { name: `${name}-isolated`, include: isolated, ...parallel } },
    {
      extends: true,
      test: {
        name: `${name}-timed`,
        include: timed,
        isolate: false,
        maxWorkers: availableParallelism(),
        sequence: { groupOrder: 2 },
      },
    },
  ]
}

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    projects: [...projects('unit', 'test'), ...projects('programs', 'programs')],
    sequence: { sequencer: beginWith(...LONGEST) },
    setupFiles: ['test/lab/leaks.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // The default of one second is too short on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
