import { defineConfig } from 'vitest/config'
import { beginWith } from './test/support/first-files.js'

/** Suites with a real redis-server, which they start themselves. */
export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    include: ['test/**/*.redis.ts'],
    setupFiles: ['test/lab/leaks.ts'],
    testTimeout: 60_000,
    hookTimeout: 30_000,
    pool: 'forks',
    maxWorkers: 2,
    // It takes as long as all other files together, and waits for most of it.
    sequence: { sequencer: beginWith('/chaos.redis.ts') },
    expect: { poll: { timeout: 15_000 } },
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
