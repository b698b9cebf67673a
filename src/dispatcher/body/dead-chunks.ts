const MIB = 1024 * 1024

/** Dead bytes before the collector is called. */
const STEP_BYTES = 16 * MIB

/**
 * V8 looks for dead buffers when the young ones sum to twice the largest size of its young generation: 32 MiB
 * up to Node 22, 64 MiB from Node 24 on. With a step, this is as much.
 */
const BLOCK_BYTES = 48 * MIB

/**
 * Keeps the memory of a long upload small. The chunks of a caller's stream, and of a Blob, are dead once they are
 * written, but only the collector can free them. An ArrayBuffer that is never touched costs no memory, but it raises
 * V8's count of external memory and so triggers a collection in time. Measured on Node 24:
 * a stream of 128 MiB takes 18 MiB with it and 56 MiB without it, one of 500 MiB 21 and 65. On Node 20 there is no
 * clear difference.
 */
export class DeadChunks {
  #bytes = 0

  /** This number of further bytes was read, and will be dead soon. */
  add(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes < STEP_BYTES) return
    this.#bytes = 0
    try {
      new ArrayBuffer(BLOCK_BYTES)
    } catch {
      // Where there is no room for it, the collector has been called already.
    }
  }
}
