import { toError } from '../errors.js'

/**
 * A listener that throws must not leave the WebSocket's parser in the middle of a frame. Its error becomes an
 * uncaught exception one turn later.
 */
export function guarded(emit: () => boolean): boolean {
  try {
    return emit()
  } catch (error) {
    setImmediate(() => {
      throw toError(error)
    })
    return true
  }
}
