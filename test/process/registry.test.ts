import { expect, test, vi } from 'vitest'
import { createDiscordTransport, TransportError } from '../../src/index.js'
import { startLab, USERS_ME } from '../support/lab.js'

/** The error that a call throws. */
function thrownBy(call: () => unknown): TransportError {
  try {
    call()
  } catch (error) {
    if (error instanceof TransportError) return error
  }
  throw new Error('no TransportError was thrown')
}

test('a second installation is refused, and the error names the place of the first', async () => {
  const { transport, createTransport } = await startLab()
  using installed = transport.install()
  const error = thrownBy(() => createTransport().install())
  expect(error).toMatchObject({ code: 'ERR_ALREADY_INSTALLED', phase: 'config', retryable: false })
  expect(error.message).toMatch(/install\(\) at .*registry\.test\.ts:\d+:\d+/)
  expect(thrownBy(() => transport.install()).code).toBe('ERR_ALREADY_INSTALLED')
  expect(installed.active).toBe(true)
})

test('the process is free again after stop(), and after close()', async () => {
  const { createTransport } = await startLab()
  const first = createTransport()
  const installed = first.install()
  installed.stop()
  installed.stop()
  const second = createTransport()
  second.install()
  await second.close()
  using third = createTransport().install()
  expect(third.active).toBe(true)
  await first.close()
  expect(third.active).toBe(true)
})

test('another copy of the package is refused too', async () => {
  const { transport, proxy } = await startLab()
  using installed = transport.install()
  vi.resetModules()
  const copy = await import('../../src/index.js')
  expect(copy.createDiscordTransport).not.toBe(createDiscordTransport)
  const other = copy.createDiscordTransport({ proxy: proxy.url, env: {} })
  const error = thrownBy(() => other.install())
  expect(error.code).toBe('ERR_ALREADY_INSTALLED')
  expect(error.message).toContain('registry.test.ts')
  await other.close()
  installed.stop()
})

test('diagnose() notes the hooks that other code has replaced', async () => {
  const { transport } = await startLab()
  const installed = transport.install()
  const ours = globalThis.fetch
  globalThis.fetch = (...values) => ours(...values)
  const { notes } = await transport.diagnose({ timeoutMs: 1 })
  globalThis.fetch = ours
  expect(notes.find(({ code }) => code === 'hooks-replaced')?.text).toContain('fetch')
  installed.stop()
})

test('a refused installation leaves everything as it was', async () => {
  const { transport, createTransport } = await startLab()
  const { fetch, WebSocket } = globalThis
  const error = thrownBy(() =>
    transport.install({ children: true, bypassPolicy: () => false, noProxy: ['a.example'] }),
  )
  expect(error.code).toBe('ERR_INVALID_OPTIONS')
  expect([globalThis.fetch, globalThis.WebSocket]).toEqual([fetch, WebSocket])
  using installed = createTransport().install()
  expect(installed.explain(USERS_ME).route).toBe('proxy')
})
