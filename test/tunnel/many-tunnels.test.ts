import { expect, test } from 'vitest'
import { getByAgent } from '../support/faces.js'
import { startLab, USERS_ME } from '../support/lab.js'

// Node warns of a leak at the eleventh listener of an AbortSignal. A warning of the process fails this file.
test('twelve tunnels that are opened at once are no leak of listeners', async () => {
  const { transport, proxy, headers } = await startLab()
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => getByAgent(transport, USERS_ME, { headers })),
  )
  expect(answers.map(({ status }) => status)).toEqual(Array<number>(12).fill(200))
  expect(proxy.connections).toHaveLength(12)
})
