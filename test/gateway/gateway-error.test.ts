import { expect, it, vi } from 'vitest'
import { GatewayError } from '../../src/gateway/gateway-error.js'

it('a GatewayError is one for another copy of the package too', async () => {
  vi.resetModules()
  const other = await import('../../src/gateway/gateway-error.js')
  const error = new GatewayError('closed', { code: 'ERR_GATEWAY_CLOSED', hint: 'Create a new one.' })
  expect(other.GatewayError).not.toBe(GatewayError)
  expect(error).toBeInstanceOf(other.GatewayError)
  expect(new Error('closed')).not.toBeInstanceOf(GatewayError)
  class Special extends GatewayError {}
  expect(error).not.toBeInstanceOf(Special)
})

it.each([
  ['ERR_GATEWAY_DISCONNECTED', true],
  ['ERR_GATEWAY_STORE', true],
  ['ERR_GATEWAY_PAYLOAD', true],
  ['ERR_GATEWAY_AUTHENTICATION', false],
  ['ERR_GATEWAY_RECONNECT_LIMIT', false],
] as const)('%s has retryable %s', (code, retryable) => {
  expect(new GatewayError('', { code, hint: '' }).toJSON()).toMatchObject({ code, retryable })
})
