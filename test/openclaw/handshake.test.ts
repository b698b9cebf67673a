import { expect, it } from 'vitest'
import { createDeviceKey } from '../../src/openclaw/client/device/device-key.js'
import { connectParams, type Credentials } from '../../src/openclaw/client/wire/handshake.js'
import { missingScopes } from '../../src/openclaw/client/wire/hello.js'

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

it.each<readonly [granted: string, asked: readonly string[], missing: readonly string[]]>([
  ['operator.admin', ['operator.read', 'operator.write', 'operator.talk'], []],
  ['operator.write', ['operator.talk'], []],
  ['operator.read', ['operator.read', 'operator.write'], ['operator.write']],
])('the scope %s is enough for what it holds', (granted, asked, missing) => {
  expect(missingScopes(asked, [granted])).toEqual(missing)
})
