import { expect, onTestFinished, test } from 'vitest'
import { connectionSettings } from '../../src/cli/connection-settings.js'
import { startLab, USERS_ME } from '../support/lab.js'
import { writeTemporary } from '../support/temporary-file.js'

test('--proxy-url is trusted by the authority of the configuration, which env writes down', async () => {
  const lab = await startLab({ scheme: 'https' })
  const ca = await writeTemporary('ca.pem', lab.ca.certificate)
  const config = { proxy: { proxyUrl: 'https://other.example:1', tls: { caFile: ca } } }
  const openclaw = await writeTemporary('openclaw.json', JSON.stringify(config))
  const settings = await connectionSettings({ openclaw, proxyUrl: [lab.proxy.url] })
  const transport = settings.open({ tls: { ca: lab.ca.certificate }, noProxy: false })
  onTestFinished(() => transport.close())
  expect((await transport.fetch(USERS_ME, { headers: lab.headers })).status).toBe(200)
  expect(lab.proxy.connections).toHaveLength(1)
  expect(settings.managed.caFile).toBe(ca)
  const plain = await connectionSettings({ openclaw, proxyUrl: ['http://h:1'] })
  expect(plain.managed.caFile).toBeUndefined()
})
