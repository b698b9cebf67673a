import { expect, it } from 'vitest'
import { createDeviceKey } from '../../src/openclaw/client/device/device-key.js'
import { connectParams, type Credentials } from '../../src/openclaw/client/wire/handshake.js'

it.each<readonly [what: string, credentials: Credentials, auth: object]>([
  ['a token', { token: 'shared' }, { token: 'shared' }],
  ['a password', { password: 'shared' }, { password: 'shared' }],
  ['no shared secret', {}, { deviceToken: 'of the device' }],
])('a device with a token of its own and %s shows one of them to the gateway', (_what, credentials, auth) => {
  const params = connectParams(
    {
      client: { id: 'cli', mode: 'cli' },
      role: 'operator',
      scopes: [],
      caps: [],
      credentials,
      device: { key: createDeviceKey(), platform: 'linux', signature: 'v3', token: 'of the device' },
    },
    { nonce: 'nonce', ts: 1 },
  )
  expect(params['auth']).toEqual(auth)
})
