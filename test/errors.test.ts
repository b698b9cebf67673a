import { describe, expect, test, vi } from 'vitest'
import { failureOf, TransportError, type TransportErrorDetails } from '../src/errors.js'

const DETAILS: TransportErrorDetails = {
  code: 'ERR_PROXY_DENIED',
  phase: 'tunnel',
  hint: 'ask',
  retryable: false,
}

describe('instanceof TransportError', () => {
  test('holds across copies of the package', async () => {
    vi.resetModules()
    const copy = await import('../src/errors.js')
    expect(copy.TransportError).not.toBe(TransportError)
    expect(new copy.TransportError('no', DETAILS)).toBeInstanceOf(TransportError)
    expect(new TransportError('no', DETAILS)).toBeInstanceOf(copy.TransportError)
  })

  test.each([
    undefined,
    null,
    1,
    'ERR_PROXY_DENIED',
    new Error('no'),
    { name: 'TransportError', ...DETAILS },
  ])('does not hold for %o', (value) => {
    expect(value instanceof TransportError).toBe(false)
  })

  test('keeps subclasses apart', () => {
    class Refused extends TransportError {}
    class Lost extends TransportError {}
    expect(new Refused('no', DETAILS)).toBeInstanceOf(Refused)
    expect(new Refused('no', DETAILS)).toBeInstanceOf(TransportError)
    expect(new Refused('no', DETAILS)).not.toBeInstanceOf(Lost)
    expect(new TransportError('no', DETAILS)).not.toBeInstanceOf(Refused)
  })
})

test('a failure with other particulars keeps everything else, what failed at each proxy included', () => {
  const failures = [new TransportError('one', DETAILS), new TransportError('two', DETAILS)]
  const cause = new Error('why')
  const details = { ...DETAILS, proxy: 'http://p:1', target: 'discord.com:443', failures, cause }
  const changed = failureOf(new TransportError('no', details), { sent: 'maybe', retryable: true })
  expect(changed).toMatchObject({ ...details, message: 'no', sent: 'maybe', retryable: true })
  expect(changed.failures).toEqual(failures)
})
