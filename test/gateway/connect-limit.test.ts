import { expect, it } from 'vitest'
import { ConnectAttempt } from '../../src/gateway/connect-attempt.js'
import { ConnectLimit } from '../../src/gateway/connect-limit.js'
import { failureOf } from './gateway-lab.js'

/** Which of the attempts have entered by now. */
async function entered(promises: readonly Promise<void>[]): Promise<boolean[]> {
  const waiting = new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')))
  return Promise.all(promises.map(async (promise) => (await Promise.race([promise, waiting])) !== 'waiting'))
}

function start(limit: ConnectLimit, count: number): { attempts: ConnectAttempt[]; entries: Promise<void>[] } {
  const attempts = Array.from({ length: count }, () => new ConnectAttempt())
  return { attempts, entries: attempts.map((attempt) => attempt.enter(limit)) }
}

it('no more attempts are under way than there are places, first come first served', async () => {
  const { attempts, entries } = start(new ConnectLimit(2), 4)
  expect(await entered(entries)).toEqual([true, true, false, false])
  attempts[1]!.connected()
  expect(await entered(entries)).toEqual([true, true, true, false])
})

it('a place is given back once, whether the attempt connects, is abandoned, or both', async () => {
  const { attempts, entries } = start(new ConnectLimit(1), 3)
  attempts[0]!.connected()
  attempts[0]!.abandon()
  attempts[0]!.abandon()
  expect(await entered(entries)).toEqual([true, true, false])
})

it('one that is abandoned while it waits takes no place', async () => {
  const { attempts, entries } = start(new ConnectLimit(1), 3)
  const failed = failureOf(entries[1]!)
  attempts[1]!.abandon()
  expect(await failed).toMatchObject({ message: 'the attempt was given up' })
  attempts[0]!.connected()
  expect(await entered([entries[2]!])).toEqual([true])
})

it('one that is abandoned in the turn in which it gets its place gives it back', async () => {
  const limit = new ConnectLimit(1)
  const { attempts, entries } = start(limit, 1)
  attempts[0]!.abandon()
  await entries[0]
  expect(await entered([new ConnectAttempt().enter(limit)])).toEqual([true])
})
