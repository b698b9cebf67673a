import { describe, expect, test } from 'vitest'
import type { LabScheme } from '../lab/proxy/index.js'
import { startLab, type Lab } from '../support/lab.js'
import { runProcess, type Finished } from '../support/processes/run.js'

interface Answer {
  readonly statuses: readonly number[]
  readonly open: number
  readonly packages: readonly string[]
}

async function useTransport(
  { ca, discord }: Lab,
  proxy: string,
  close: boolean,
): Promise<Finished & { answer: Answer }> {
  const finished = await runProcess('./use-transport.ts', {
    TEST_PROXY: proxy,
    TEST_CA: ca.certificate,
    TEST_TOKEN: discord.token,
    TEST_CLOSE: close ? 'yes' : 'no',
  })
  expect(finished.errors).toBe('')
  return { ...finished, answer: JSON.parse(finished.output) as Answer }
}

/** Far less than any keep-alive, and enough for a busy machine. */
const AT_ONCE_MS = 5_000

/** Loaded for PAC scripts: the interpreter, and what runs scripts in it. */
const OF_PAC = ['pac-proxy-agent', 'pac-resolver', 'proxy-agent', 'quickjs-wasi']

describe.each(['http', 'https', 'socks5'] as const)(
  'a process that uses an %s proxy',
  (scheme: LabScheme) => {
    test.each([true, false])('exits by itself at once (close() called: %s)', async (close) => {
      const lab = await startLab({ scheme })
      const { code, lingered, answer } = await useTransport(lab, lab.proxy.url, close)
      expect(code).toBe(0)
      expect(answer.statuses).toEqual([200, 200, 200])
      if (!close) expect(answer.open).toBeGreaterThan(0)
      expect(lingered).toBeLessThan(AT_ONCE_MS)
      await Promise.all(lab.proxy.connections.map(({ closed }) => closed))
      expect(answer.packages.filter((name) => OF_PAC.includes(name))).toEqual([])
      expect(answer.packages).not.toContain(scheme === 'socks5' ? 'https-proxy-agent' : 'socks')
    })
  },
)

test('a process that uses a PAC script keeps its interpreter in a thread, and exits by itself as well', async () => {
  const lab = await startLab()
  const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}' }`
  const url = `pac+data:,${encodeURIComponent(script)}`
  const { code, lingered, answer } = await useTransport(lab, url, false)
  expect(code).toBe(0)
  expect(answer.packages.filter((name) => OF_PAC.includes(name))).toEqual([])
  expect(lingered).toBeLessThan(AT_ONCE_MS)
})

test('a route that opens nothing has loaded neither undici nor the clients of the proxies', async () => {
  const { code, output } = await runProcess('./load-tunnel.ts', {})
  expect(code).toBe(0)
  const packages = JSON.parse(output) as readonly string[]
  expect(packages).toContain('zod')
  const needless = ['undici', 'ws', 'https-proxy-agent', 'socks', 'socks-proxy-agent', ...OF_PAC]
  expect(packages.filter((name) => needless.includes(name))).toEqual([])
})
