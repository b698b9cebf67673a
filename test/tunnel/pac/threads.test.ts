import { expect, onTestFinished, test, vi } from 'vitest'
import { startPacServer } from '../../lab/proxy/index.js'
import { helloByWebSocket } from '../../support/faces.js'
import { startLab } from '../../support/lab.js'
import { watchThreads } from '../../support/threads.js'

/** After which a script is fetched again. */
const SCRIPT_LIFETIME_MS = 5 * 60_000

test('the thread of a PAC script ends when the script is fetched again, and after setProxy()', async () => {
  const lab = await startLab()
  const server = await startPacServer({
    script: `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}' }`,
  })
  onTestFinished(() => server.close())
  const threads = watchThreads()
  const transport = lab.createTransport({ proxy: server.pacUrl, connectTimeoutMs: 20_000 })
  await helloByWebSocket(transport)
  const now = performance.now.bind(performance)
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + SCRIPT_LIFETIME_MS)
  onTestFinished(() => clock.mockRestore())
  await helloByWebSocket(transport)
  expect(server.requests).toHaveLength(2)
  expect(threads).toHaveLength(2)
  await threads[0]?.ended
  transport.setProxy(lab.proxy.url)
  await threads[1]?.ended
  await helloByWebSocket(transport)
  expect(threads).toHaveLength(2)
})
