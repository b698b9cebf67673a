/** RFC 9110 §9.2.2: repeating these has the same effect as sending them once. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/** Whether a request may be repeated although it may have been carried out. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method)
}
