import { describe, expect, it } from 'vitest'
import { deliveryLimits, parseOptions } from '../../src/config/index.js'
import { configErrorOf } from './secrecy.js'

const limitsOf = (delivery: unknown) => parseOptions({ delivery }).delivery

describe('the delivery option', () => {
  it('true, an empty object and nothing at all are the defaults; false is off', () => {
    for (const on of [true, {}, undefined, { attempts: undefined }]) {
      expect(limitsOf(on)).toEqual(deliveryLimits())
    }
    expect(limitsOf(false)).toBe(false)
  })

  it('keeps the limits that are given and fills in the others', () => {
    const given = { attempts: 100, budgetMs: 0, minDelayMs: 0, maxDelayMs: 600_000, answerTimeoutMs: 1 }
    expect(limitsOf(given)).toEqual(given)
    expect(limitsOf({ attempts: 1 })).toEqual({ ...deliveryLimits(), attempts: 1 })
    expect(Object.isFrozen(limitsOf(given))).toBe(true)
  })

  it('one of the two delays moves the default of the other, where they would contradict', () => {
    expect(limitsOf({ minDelayMs: 9_000 })).toMatchObject({ minDelayMs: 9_000, maxDelayMs: 9_000 })
    expect(limitsOf({ maxDelayMs: 5 })).toMatchObject({ minDelayMs: 5, maxDelayMs: 5 })
  })

  it.each([
    ['attempts', 0, 'must be a whole number from 1 to 100'],
    ['attempts', 101, 'must be a whole number from 1 to 100'],
    ['attempts', '3', 'must be a whole number from 1 to 100'],
    ['budgetMs', -1, 'must be a whole number of milliseconds from 0 to 600000'],
    ['budgetMs', Infinity, 'must be a whole number of milliseconds from 0 to 600000'],
    ['minDelayMs', 0.5, 'must be a whole number of milliseconds from 0 to 600000'],
    ['maxDelayMs', 600_001, 'must be a whole number of milliseconds from 0 to 600000'],
    ['answerTimeoutMs', 0, 'must be a whole number of milliseconds from 1 to 600000'],
  ])('%s: %j is refused by its full name', (name, value, expected) => {
    const { message } = configErrorOf(() => limitsOf({ [name]: value }))
    expect(message).toBe(`delivery.${name}: ${expected}`)
  })

  it('delays that contradict each other are refused', () => {
    const { message } = configErrorOf(() => limitsOf({ minDelayMs: 2, maxDelayMs: 1 }))
    expect(message).toBe('delivery.maxDelayMs: must not be less than minDelayMs')
  })

  it('an unknown limit is named with the nearest known one', () => {
    const { message } = configErrorOf(() => limitsOf({ budget: 1 }))
    expect(message).toBe('delivery.budget: is not an option; did you mean delivery.budgetMs?')
  })

  it('every bad limit is in the one error, beside other bad options', () => {
    const { message } = configErrorOf(() =>
      parseOptions({ delivery: { attempts: 0, budgetMs: 'x' }, maxTunnels: 0 }),
    )
    for (const field of ['delivery.attempts: ', 'delivery.budgetMs: ', 'maxTunnels: ']) {
      expect(message).toContain(field)
    }
  })

  it.each([['on'], [null], [3], [[]]])('%j is refused', (value) => {
    const { message } = configErrorOf(() => limitsOf(value))
    expect(message).toMatch(/^delivery: must be true, false or an object such as/)
  })
})
