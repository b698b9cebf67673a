import { defineConfig } from 'vitest/config'

/** `npm run test:site`: what the pages and pictures look like in Chromium. `npm run docs` builds the site before. */
export default defineConfig({
  test: {
    include: ['test/site/**/*.site.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 1,
  },
})
