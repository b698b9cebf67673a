import { defineConfig } from 'vitest/config'

/** Suites that start programs of the system, in namespaces that scripts/ has made: root and Linux only. */
export default defineConfig({
  test: {
    include: ['test/**/*.real.ts', 'test/**/*.sealed.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // They share addresses, and measure time.
    fileParallelism: false,
  },
})
