/** One connection's compression context. */
export interface Decompressor {
  /**
   * The text of a payload, or undefined where the message is only its beginning.
   *
   * @throws Error where the stream is damaged, or the payload larger than the limit: the context is then useless
   */
  decompress(message: Buffer): string | undefined
  /** A heartbeat went by: where little came since the last one, memory counts for more than time. */
  rest(): void
  close(): void
}

export function tooLarge(maxPayload: number): RangeError {
  return new RangeError(`A payload is larger than maxPayload, ${maxPayload} bytes`)
}
