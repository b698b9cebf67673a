import { expect, test } from 'vitest'
import { startLab } from '../../support/lab.js'
import { loadWithMessages } from '../../support/message-load.js'

const SENDS = 400

test('the death of the proxy in use under 100 sends a second loses no send and doubles none', async () => {
  const lab = await startLab()
  const second = await lab.startProxy({ scheme: 'socks5' })
  const transport = lab.createTransport({ proxy: [lab.proxy.url, second.url], delivery: true })
  const report = await loadWithMessages({
    transport,
    discord: lab.discord,
    sends: SENDS,
    everyMs: 10,
    // In the middle of the load, and back before its end.
    before: (index) => {
      if (index === SENDS / 4) void lab.proxy.close()
      if (index === (SENDS * 3) / 4) void lab.startProxy({ port: lab.proxy.port })
    },
  })
  expect(report).toEqual({ stored: SENDS, doubled: [], contradicted: [], failures: [] })
  expect(second.established.length).toBeGreaterThan(0)
  expect(transport.stats().proxyEvents['proxy-change']).toBeGreaterThanOrEqual(1)
})
