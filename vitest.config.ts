import { availableParallelism } from 'node:os'
import { configDefaults, defineConfig } from 'vitest/config'
import { ISOLATED_FILES } from './test/support/isolated-files.js'
import { TIMED_FILES } from './test/support/timed-files.js'

const timed = Object.keys(TIMED_FILES)
const isolated = Object.keys(ISOLATED_FILES)
// Most files wait most of the time.
const parallel = { maxWorkers: availableParallelism() + 1, sequence: { groupOrder: 0 } } as const

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'parallel',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...timed, ...isolated],
          isolate: false,
          ...parallel,
        },
      },
      { extends: true, test: { name: 'isolated', include: isolated, ...parallel } },
      {
        extends: true,
        test: {
          name: 'timed',
          include: timed,
          isolate: false,
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
    ],
    setupFiles: ['test/lab/leaks.ts'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    pool: 'forks',
    // The default of one second is too short on a busy machine.
    expect: { poll: { timeout: 10_000 } },
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
