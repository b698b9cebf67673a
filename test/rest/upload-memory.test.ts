import { afterAll, expect, it } from 'vitest'
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
    expect(peakBytes - startBytes).toBeLessThan(48 * MIB)
  },
)
