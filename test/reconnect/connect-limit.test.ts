import { expect, it } from 'vitest'
import type { Leave } from '../../src/reconnect/abortable.js'
import { ConnectLimit } from '../../src/reconnect/connect-limit.js'

interface Attempt {
  readonly abort: AbortController
  /** Undefined until it has a place. */
  leave: Leave | undefined
  readonly failure: Promise<unknown>
}

function start(limit: ConnectLimit, count: number): readonly Attempt[] {
  return Array.from({ length: count }, () => {
    const abort = new AbortController()
    const entry = limit.enter(abort.signal)
    const attempt: Attempt = {
      abort,
      leave: undefined,
      failure: entry.then(
        () => undefined,
        (error: unknown) => error,
      ),
    }
    entry.then(
      (leave) => (attempt.leave = leave),
      () => undefined,
    )
    return attempt
  })
}

/** Which attempts have a place, when everything that is due has run. */
async function entered(attempts: readonly Attempt[]): Promise<readonly boolean[]> {
  await new Promise((resolve) => setImmediate(resolve))
  return attempts.map(({ leave }) => leave !== undefined)
}

it('no more attempts enter than there are places, in the order of their calls', async () => {
  const attempts = start(new ConnectLimit(2), 4)
  expect(await entered(attempts)).toEqual([true, true, false, false])
  attempts[1]!.leave!()
  expect(await entered(attempts)).toEqual([true, true, true, false])
})

it('a place is given back once, by leaving, by an abort, or by both', async () => {
  const attempts = start(new ConnectLimit(1), 3)
  expect(await entered(attempts)).toEqual([true, false, false])
  attempts[0]!.leave!()
  attempts[0]!.abort.abort()
  attempts[0]!.leave!()
  expect(await entered(attempts)).toEqual([true, true, false])
})

it('an attempt that is aborted while it waits takes no place', async () => {
  const attempts = start(new ConnectLimit(1), 3)
  expect(await entered(attempts)).toEqual([true, false, false])
  attempts[1]!.abort.abort(new Error('no longer wanted'))
  expect(await attempts[1]!.failure).toMatchObject({ message: 'no longer wanted' })
  attempts[0]!.leave!()
  expect(await entered(attempts)).toEqual([true, false, true])
})

it('an abort in the turn in which the place is given gives it back', async () => {
  const limit = new ConnectLimit(1)
  start(limit, 1)[0]!.abort.abort()
  expect(await entered(start(limit, 1))).toEqual([true])
})
