import { toError } from '../errors.js'

/**
 * A promise that the signal rejects, with the signal's reason.
 *
 * @param begin starts what is awaited and returns how to give it up
 */
export function abortable<Value>(
  signal: AbortSignal,
  begin: (resolve: (value: Value) => void, reject: (error: unknown) => void) => () => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(reasonOf(signal))
      return
    }
    const settled = (): void => signal.removeEventListener('abort', abort)
    const abort = (): void => {
      giveUp()
      reject(reasonOf(signal))
    }
    signal.addEventListener('abort', abort, { once: true })
    const giveUp = begin(
      (value) => {
        settled()
        resolve(value)
      },
      (error) => {
        settled()
        reject(toError(error))
      },
    )
  })
}

/** Waits for a number of milliseconds, or rejects with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return abortable(signal, (resolve) => {
    const timer = setTimeout(resolve, ms)
    return () => clearTimeout(timer)
  })
}

/** The result of a promise that cannot be aborted itself, unless the signal aborts first. */
export function unlessAborted<Value>(promise: PromiseLike<Value>, signal: AbortSignal): Promise<Value> {
  return abortable(signal, (resolve, reject) => {
    promise.then(resolve, reject)
    return () => undefined
  })
}

/**
 * What is asked for, unless it takes longer or the signal aborts first.
 *
 * @param ask is given a signal that aborts with either
 */
export async function answerWithin<Value>(
  timeoutMs: number,
  signal: AbortSignal,
  ask: (signal: AbortSignal) => Value | PromiseLike<Value>,
): Promise<Value> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const either = AbortSignal.any([signal, late.signal])
  try {
    return await unlessAborted(Promise.resolve(ask(either)), either)
  } finally {
    clearTimeout(timer)
  }
}

/** Gives a place back. A second call does nothing. */
export type Leave = () => void

/** Calls `release` once: when the result is called, or when the signal aborts. */
export function leaveOnce(signal: AbortSignal, release: () => void): Leave {
  let left = false
  const leave = (): void => {
    if (left) return
    left = true
    signal.removeEventListener('abort', leave)
    release()
  }
  signal.addEventListener('abort', leave, { once: true })
  return leave
}

/** Why a signal was aborted, as an Error. */
export function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('aborted')
}
