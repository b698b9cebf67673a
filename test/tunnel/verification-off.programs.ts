import { expect, onTestFinished, test } from 'vitest'
import { startPacServer } from '../lab/proxy/index.js'
import { startLab } from '../support/lab.js'
import { runProcess } from '../support/processes/run.js'

test('NODE_TLS_REJECT_UNAUTHORIZED=0 switches no check off, on no path', async () => {
  const lab = await startLab()
  const tlsProxy = await lab.startProxy({ scheme: 'https' })
  const script = `function FindProxyForURL() { return "PROXY 127.0.0.1:${lab.proxy.port}" }`
  const pac = await startPacServer({ scheme: 'https', ca: lab.ca, script })
  onTestFinished(() => pac.close())
  const { output, errors, code } = await runProcess('verification-off.ts', {
    NODE_TLS_REJECT_UNAUTHORIZED: '0',
    TEST_PROXY: lab.proxy.url,
    TEST_TLS_PROXY: tlsProxy.url,
    TEST_PAC: `pac+https://127.0.0.1:${pac.port}/proxy.pac`,
  })
  expect([code, errors.includes('Error:')]).toEqual([0, false])
  expect(JSON.parse(output)).toEqual({
    fetch: 'ERR_TARGET_TLS certificate',
    'fetch of undici': 'ERR_TARGET_TLS certificate',
    agent: 'ERR_TARGET_TLS certificate',
    dispatcher: 'ERR_TARGET_TLS certificate',
    webSocket: 'ERR_TARGET_TLS certificate',
    'https proxy': 'ERR_PROXY_TLS certificate',
    'pac+https': 'ERR_PROXY_TLS certificate',
    doctor: 'ERR_TARGET_TLS tls-verification-off',
    'doctor at an https proxy': 'ERR_PROXY_TLS tls-verification-off',
  })
  // Nothing was asked of a server whose certificate was not verified.
  expect(lab.discord.rest.requests).toEqual([])
  expect(pac.requests).toEqual([])
})
