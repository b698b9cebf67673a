/**
 * Shows that the memory of an upload does not depend on its size: 8, 100 and 500 MiB through a proxy to the
 * fake Discord, from a file, a Blob, a stream and a buffer. Fails if one takes more than 64 MiB above its start.
 *
 *     npx tsx scripts/upload-memory.ts
 */
import { startUploadMemory } from './upload-memory/measure.js'

const MIB = 1024 * 1024
const LIMIT_MIB = 64

const mib = (bytes: number): string => (bytes / MIB).toFixed(1)

const memory = await startUploadMemory()
const rows = []
for (const source of ['file', 'blob', 'stream', 'buffer'] as const) {
  for (const size of [8, 100, 500]) {
    const { startBytes, peakBytes, ms, receivedBytes } = await memory.measure(source, size * MIB)
    if (receivedBytes !== size * MIB) throw new Error(`${receivedBytes} bytes arrived of ${size} MiB`)
    rows.push({
      source,
      'size, MiB': size,
      'start, MiB': mib(startBytes),
      'peak above start, MiB': mib(peakBytes - startBytes),
      'MiB/s': (size / (ms / 1000)).toFixed(0),
      within: peakBytes - startBytes <= LIMIT_MIB * MIB,
    })
  }
}
memory.close()
console.table(rows)
if (!rows.every(({ within }) => within)) {
  console.error(`An upload took more than ${LIMIT_MIB} MiB.`)
  process.exitCode = 1
}
