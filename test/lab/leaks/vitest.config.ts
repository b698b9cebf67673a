import { defineConfig } from 'vitest/config'

// Run by proxy-leaks.programs.ts: a test file that leaks on purpose, and one that does not.
export default defineConfig({
  test: {
    root: '.',
    include: ['test/lab/leaks/*.fixture.ts'],
    setupFiles: ['test/lab/leaks.ts'],
    pool: 'forks',
  },
})
