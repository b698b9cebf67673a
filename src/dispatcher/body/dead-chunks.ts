const MIB = 1024 * 1024

/** As much may lie dead in memory before the collector is called. */
const STEP_BYTES = 16 * MIB

/**
 * V8 looks for dead buffers when the young ones sum to twice the largest size of its young generation: 32 MiB
 * up to Node 22, 64 MiB from Node 24 on. With a step, this is as much.
 */
const BLOCK_BYTES = 48 * MIB

/**
 * Keeps the memory of a long upload small. The chunks of a caller's stream, and what is read of a Blob, are dead
 * once they are written, but only the collector may free them. Memory that was asked for counts for it too, and costs
 * nothing as long as nobody touches it: so a block of that makes it come in time.
 */
export class DeadChunks {
  #bytes = 0

  /** So many bytes more have been read, and will be dead soon. */
  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < STEP_BYTES) return
    this.#bytes = 0
    try {
      new ArrayBuffer(BLOCK_BYTES)
    } catch {
      // No room for it: then the collector has been called already.
    }
  }
}
