import { describe, expect, test } from 'vitest'
import { builtCommand } from './command.js'

const command = builtCommand()

/** The fastest of up to 20 runs: other load on this machine is not the command's time. */
async function fastest(args: readonly string[], goodEnoughMs: number): Promise<number> {
  let best = Infinity
  for (let round = 0; round < 20 && best >= goodEnoughMs; round++) {
    const startedAt = performance.now()
    await command.run(args)
    best = Math.min(best, performance.now() - startedAt)
  }
  return best
}

describe('the command starts in under 300 ms', () => {
  test.each([['--help'], ['policy'], ['explain', 'https://discord.com/']])('%s', async (...args) => {
    expect(await fastest(args, 300)).toBeLessThan(300)
  })
})
