import { expect, test } from 'vitest'
import { ReceivedAnswer } from '../../src/tunnel/received-answer.js'

test.each([
  [64 * 1024, false],
  [64 * 1024 + 1, true],
])('an answer of %i bytes to CONNECT is too much: %s', (bytes, tooMuch) => {
  const received = new ReceivedAnswer()
  received.add(Buffer.alloc(bytes - 1))
  expect(received.tooMuch).toBe(false)
  received.add(Buffer.alloc(1))
  expect(received.tooMuch).toBe(tooMuch)
})
