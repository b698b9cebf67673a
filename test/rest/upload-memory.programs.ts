import { afterAll, expect, it, onTestFinished } from 'vitest'
import { installNode } from '../../scripts/nodes/install-node.js'
import { startUploadMemory } from '../../scripts/upload-memory/measure.js'

const MIB = 1024 * 1024

const memory = await startUploadMemory()
afterAll(() => memory.close())

// scripts/upload-memory.ts does the same with 500 MiB.
it.each(['file', 'blob', 'stream'] as const)(
  '64 MiB from a %s take no more memory than a fixed bound',
  async (source) => {
    const { startBytes, peakBytes, receivedBytes } = await memory.measure(source, 64 * MIB)
    expect(receivedBytes).toBe(64 * MIB)
    // Above the 27 MiB that 500 MiB were measured to take, and below what any copy of the 64 would.
    expect(peakBytes - startBytes).toBeLessThan(56 * MIB)
  },
)

it(
  'a stream on Node 24 takes no more than its collector is asked to leave',
  { timeout: 120_000 },
  async () => {
    const { path } = await installNode('24')
    const onNode24 = await startUploadMemory(path)
    onTestFinished(() => onNode24.close())
    const { startBytes, peakBytes, receivedBytes } = await onNode24.measure('stream', 128 * MIB)
    expect(receivedBytes).toBe(128 * MIB)
    // Measured: 16 to 18 MiB, and 53 to 56 without src/dispatcher/body/dead-chunks.ts.
    expect(peakBytes - startBytes).toBeLessThan(36 * MIB)
  },
)
