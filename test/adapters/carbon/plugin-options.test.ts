import { expect, it } from 'vitest'
import { backoffOf } from '../../../src/adapters/carbon/plugin-options.js'

it.each([
  [
    { baseDelay: 5, maxDelay: 9, maxAttempts: 3 },
    { backoffBaseMs: 5, backoffMaxMs: 9, maxReconnectAttempts: 3 },
  ],
  [
    { baseDelay: 1e9, maxDelay: 1e9, maxAttempts: Infinity },
    { backoffBaseMs: 60_000, backoffMaxMs: 600_000, maxReconnectAttempts: undefined },
  ],
  [undefined, { backoffBaseMs: undefined, backoffMaxMs: undefined, maxReconnectAttempts: undefined }],
])("Carbon's reconnect %o is the back-off of the gateway client within its bounds", (given, expected) => {
  expect(backoffOf(given)).toEqual(expected)
})
