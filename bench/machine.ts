import { execFileSync } from 'node:child_process'
import { availableParallelism, cpus } from 'node:os'

/** What the figures were measured on: nothing that tells whose machine it is. */
export function describeMachine(): string {
  const node22 = process.env['BENCH_NODE22']
  const other =
    node22 === undefined
      ? ''
      : `, Node ${execFileSync(node22, ['--version'], { encoding: 'utf8' }).trim().slice(1)} where the row says so`
  const model = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `${model}, ${availableParallelism()} cores, ${process.platform}; Node ${process.versions.node}${other}`
}
