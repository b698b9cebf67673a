import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'

/** The chaos takes as long as all other files together, and waits for most of it: it begins first. */
class ChaosFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isChaos = ({ moduleId }: TestSpecification): boolean => moduleId.endsWith('/chaos.redis.ts')
    const sorted = await super.sort(files)
    return [...sorted.filter(isChaos), ...sorted.filter((file) => !isChaos(file))]
  }
}

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
    sequence: { sequencer: ChaosFirst },
    expect: { poll: { timeout: 15_000 } },
    dangerouslyIgnoreUnhandledErrors: false,
  },
})
