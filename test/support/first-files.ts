import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * A sequencer that begins with some files: those that take longest, so that none of them is left alone at the end.
 *
 * @param endings what the paths of these files end in
 */
export function beginWith(...endings: readonly string[]): typeof BaseSequencer {
  const isFirst = ({ moduleId }: TestSpecification): boolean =>
    endings.some((ending) => moduleId.endsWith(ending))
  return class extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      const sorted = await super.sort(files)
      return [...sorted.filter(isFirst), ...sorted.filter((file) => !isFirst(file))]
    }
  }
}
