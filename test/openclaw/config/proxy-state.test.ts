import { expect, test } from 'vitest'
import { openClawProxyState } from '../../../src/openclaw/config/proxy-state.js'
import { writeTemporary } from '../../support/temporary-file.js'

async function stateOf(config: object): ReturnType<typeof openClawProxyState> {
  const path = await writeTemporary('openclaw.json', JSON.stringify(config))
  return openClawProxyState({ path }, { env: {} }, undefined)
}

test.each([
  [
    'in the URL',
    { proxyUrl: 'http://${NOPE}:1' },
    { enabled: true, source: 'config', errors: [expect.stringContaining('NOPE') as string] },
  ],
  [
    'in the file of certificates',
    { proxyUrl: 'https://h:1', tls: { caFile: '${NOPE}' } },
    {
      enabled: true,
      proxyUrl: 'https://h:1',
      source: 'config',
      errors: ['proxy.tls.caFile: uses the variable NOPE, which is not set'],
    },
  ],
  [
    'in a URL that is switched off',
    { enabled: false, proxyUrl: 'http://${NOPE}:1' },
    {
      enabled: false,
      source: 'config',
      errors: ['proxy validation is disabled by proxy.enabled=false'],
    },
  ],
])('a variable that is not set %s is a result', async (_where, proxy, expected) => {
  const { state, reading } = await stateOf({ proxy })
  expect(state).toEqual(expected)
  expect(reading).toBeUndefined()
})

test('a file of certificates that nothing reads may hold a variable that is not set', async () => {
  const { state, failure } = await stateOf({ proxy: { proxyUrl: 'http://h:1', tls: { caFile: '${NOPE}' } } })
  expect(state).toEqual({ enabled: true, proxyUrl: 'http://h:1', source: 'config', errors: [] })
  expect(failure).toBeUndefined()
})

test.each([
  ['a limit', { channels: { discord: { mediaMaxMb: 'a lot' } } }, 'channels.discord.mediaMaxMb'],
  ['the switch', { proxy: { enabled: 'yes' } }, 'proxy.enabled'],
])('%s that cannot be used is a result with its hint', async (_what, config, place) => {
  const { state, failure } = await stateOf(config)
  expect(state.errors).toEqual([expect.stringContaining(`${place}: must be`)])
  expect(failure?.hint).not.toBe('')
  expect(failure?.message).toBe(state.errors[0])
})
