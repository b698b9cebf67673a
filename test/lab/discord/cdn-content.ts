import { createHash } from 'node:crypto'

/** Bytes that can be served from any offset. */
export interface CdnContent {
  readonly size: number
  readonly sha256: string
  /** The bytes from `start` up to and without `end`. */
  read(start: number, end: number): Buffer | Iterable<Buffer>
}

export function storedContent(bytes: Buffer): CdnContent {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  return { size: bytes.length, sha256, read: (start, end) => bytes.subarray(start, end) }
}

const BLOCK = 64 * 1024

/** The same block over and over would hide a lost or a doubled one, so each begins with its own number. */
function* generatedBlocks(seed: string, start: number, end: number): Generator<Buffer> {
  const pattern = Buffer.alloc(BLOCK)
  for (let offset = 0, value = createHash('sha256').update(seed).digest(); offset < BLOCK; offset += 32) {
    value.copy(pattern, offset)
    value = createHash('sha256').update(value).digest()
  }
  for (let number = Math.floor(start / BLOCK); number * BLOCK < end; number += 1) {
    const block = Buffer.from(pattern)
    block.writeDoubleBE(number)
    const begin = number * BLOCK
    yield block.subarray(Math.max(0, start - begin), Math.min(BLOCK, end - begin))
  }
}

/** Content of any size that is made while it is read and never held. */
export function generatedContent(size: number, seed = 'lab'): CdnContent {
  let sha256: string | undefined
  return {
    size,
    get sha256() {
      if (sha256 === undefined) {
        const hash = createHash('sha256')
        for (const block of generatedBlocks(seed, 0, size)) hash.update(block)
        sha256 = hash.digest('hex')
      }
      return sha256
    },
    read: (start, end) => generatedBlocks(seed, start, end),
  }
}
