import { defineConfig } from 'vitest/config'

/** Suites that start Bun and Deno. Their first run downloads both. */
export default defineConfig({
  test: {
    include: ['test/runtimes/**/*.runtime.ts'],
    setupFiles: ['test/lab/leaks.ts'],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
})
