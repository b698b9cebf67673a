import { inspect } from 'node:util'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { startPacServer, type PacFault, type PacServer } from '../../lab/proxy/index.js'
import { FACES, failureOf, getByFetch, helloByWebSocket } from '../../support/faces.js'
import { startLab, USERS_ME } from '../../support/lab.js'
import { FULL } from '../../support/matrix.js'

/** Enough to start the thread of a script on a busy machine. */
const CONNECT_TIMEOUT_MS = 2_500
const MARGIN_MS = 3_000

/** After which a script is fetched again. */
const SCRIPT_LIFETIME_MS = 5 * 60_000

async function pacServer(script: string, fault?: PacFault): Promise<PacServer> {
  const server = await startPacServer({ script, ...(fault === undefined ? {} : { fault }) })
  onTestFinished(() => server.close())
  return server
}

const data = (script: string): string => `pac+data:,${encodeURIComponent(script)}`

const BROKEN: readonly [what: string, script: string][] = [
  ['answers nothing', "function FindProxyForURL() { return '' }"],
  ['answers null', 'function FindProxyForURL() { return null }'],
  ['answers a number', 'function FindProxyForURL() { return 7 }'],
  ['throws', "function FindProxyForURL() { throw new Error('boom') }"],
  ['is no JavaScript', 'this is {{{ no script'],
  ['has no FindProxyForURL', 'var x = 1'],
  ['names an unknown kind of proxy', "function FindProxyForURL() { return 'QUIC proxy:1' }"],
  ['names a proxy without an address', "function FindProxyForURL() { return 'PROXY' }"],
  ['names an invalid address', "function FindProxyForURL() { return 'PROXY proxy:99999999' }"],
]

describe('a PAC script that', () => {
  /** All faces take one path to the script: each of them fails by one script, and each script fails one of them. */
  const cases = BROKEN.flatMap(([what, script], index) =>
    Object.entries(FACES)
      .filter((_face, at, faces) => FULL || index === 0 || at === index % faces.length)
      .map(([name, reach]) => ({ what, script, name, reach })),
  )

  test.each(cases)(
    '$what is ERR_PROXY_CONFIG in pac by $name, and never a direct connection',
    async ({ script, reach }) => {
      const lab = await startLab()
      const error = await failureOf(reach(lab.createTransport({ proxy: data(script) })))
      expect(error).toMatchObject({ code: 'ERR_PROXY_CONFIG', phase: 'pac', retryable: false })
      expect(error.message).toMatch(/PAC script/)
      expect(lab.proxy.connections).toEqual([])
    },
  )
})

test('what a PAC script throws stands in the message as one printable line of bounded length', async () => {
  const lab = await startLab()
  const script = "function FindProxyForURL() { throw new Error('boom\\n\\u001b[31m' + 'x'.repeat(1e5)) }"
  const error = await failureOf(getByFetch(lab.createTransport({ proxy: data(script) })))
  expect(error.message).toMatch(/failed: boom \[31mx+…$/)
  expect(error.message.length).toBeLessThan(300)
})

const UNREACHABLE = 'ERR_PROXY_UNREACHABLE'
const TIMEOUT = 'ERR_PROXY_TIMEOUT'
const FAULTS: readonly [what: string, fault: PacFault, code: string][] = [
  ['has no script (404)', { kind: 'status', status: 404 }, UNREACHABLE],
  ['fails (500)', { kind: 'status', status: 500 }, UNREACHABLE],
  ['closes', { kind: 'accept', verb: 'close' }, UNREACHABLE],
  ['resets', { kind: 'request', verb: 'reset' }, UNREACHABLE],
  ['says nothing', { kind: 'accept', verb: 'silence' }, TIMEOUT],
  ['never answers the request', { kind: 'request', verb: 'silence' }, TIMEOUT],
  ['sends one byte a second', { kind: 'request', verb: 'drip' }, TIMEOUT],
  ['sends without end', { kind: 'request', verb: 'endless' }, 'ERR_PROXY_CONFIG'],
]

describe("a PAC script's server that", () => {
  test.each(FAULTS)('%s fails every face in time and keeps no socket of ours', async (_what, fault, code) => {
    const lab = await startLab()
    const server = await pacServer("function FindProxyForURL() { return 'DIRECT' }", fault)
    const transport = lab.createTransport({ proxy: server.pacUrl, connectTimeoutMs: CONNECT_TIMEOUT_MS })
    const startedAt = performance.now()
    const errors = await Promise.all(Object.values(FACES).map((reach) => failureOf(reach(transport))))
    expect(performance.now() - startedAt).toBeLessThan(CONNECT_TIMEOUT_MS + MARGIN_MS)
    for (const error of errors) expect(error).toMatchObject({ code, phase: 'pac' })
    await expect.poll(() => server.openCount).toBe(0)
    expect(lab.proxy.connections).toEqual([])
  })

  test('was silent once is asked again by the next request', async () => {
    const lab = await startLab()
    const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}' }`
    const server = await pacServer(script, { kind: 'request', verb: 'silence' })
    const transport = lab.createTransport({ proxy: server.pacUrl, connectTimeoutMs: CONNECT_TIMEOUT_MS })
    await failureOf(getByFetch(transport))
    server.fault = undefined
    expect((await getByFetch(transport, USERS_ME, lab.headers)).status).toBe(200)
  })

  test('falls silent later costs no tunnel: the script at hand is used, and asked for once in its lifetime', async () => {
    const lab = await startLab()
    const script = `function FindProxyForURL() { return 'PROXY 127.0.0.1:${lab.proxy.port}' }`
    const server = await pacServer(script)
    // Half of it is for asking the server again, in a thread that has to start.
    const transport = lab.createTransport({ proxy: server.pacUrl, connectTimeoutMs: 2 * CONNECT_TIMEOUT_MS })
    await helloByWebSocket(transport)
    server.fault = { kind: 'request', verb: 'silence' }
    const now = performance.now.bind(performance)
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now() + SCRIPT_LIFETIME_MS)
    onTestFinished(() => clock.mockRestore())
    for (let round = 0; round < 3; round++) await helloByWebSocket(transport)
    expect(server.requests).toHaveLength(2)
  })

  test('does not exist is ERR_PROXY_UNREACHABLE, and shows no credential of its URL', async () => {
    const lab = await startLab()
    const server = await pacServer('')
    await server.close()
    const url = server.pacUrl.replace('://', '://pac-user:pac-secret@')
    const transport = lab.createTransport({ proxy: `${url}?key=query-secret` })
    for (const reach of Object.values(FACES)) {
      const error = await failureOf(reach(transport))
      expect(error).toMatchObject({ code: UNREACHABLE, phase: 'pac' })
      expect(error.message).toContain('ECONNREFUSED')
      const shown = inspect(error, { depth: Infinity, showHidden: true }) + JSON.stringify(error)
      expect(shown).not.toMatch(/pac-user|pac-secret|query-secret/)
    }
  })
})

const ENDLESS = 'while (true) {}'
const HANGING: readonly [what: string, script: string][] = [
  ['in FindProxyForURL', `function FindProxyForURL() { ${ENDLESS} }`],
  ['while it loads', `${ENDLESS}; function FindProxyForURL() { return 'DIRECT' }`],
]

describe('a PAC script that never returns', () => {
  test.each(HANGING)('%s fails every face in time, and blocks nothing else', async (_where, script) => {
    const lab = await startLab()
    const transport = lab.createTransport({ proxy: data(script), connectTimeoutMs: CONNECT_TIMEOUT_MS })
    let ticks = 0
    const ticking = setInterval(() => ticks++, 10)
    onTestFinished(() => clearInterval(ticking))
    const startedAt = performance.now()
    const errors = await Promise.all(Object.values(FACES).map((reach) => failureOf(reach(transport))))
    expect(performance.now() - startedAt).toBeLessThan(CONNECT_TIMEOUT_MS + MARGIN_MS)
    expect(ticks).toBeGreaterThan(10)
    for (const error of errors) expect(error).toMatchObject({ code: TIMEOUT, phase: 'pac' })
    expect(errors.some(({ message }) => /PAC script of .* did not return/.test(message))).toBe(true)
  })

  test('for one destination leaves the others alone, before and after its deadline', async () => {
    const lab = await startLab()
    const script = `function FindProxyForURL(url, host) {
      if (host === 'hanging.lab') ${ENDLESS}
      return 'PROXY 127.0.0.1:${lab.proxy.port}'
    }`
    const hasty = lab.createTransport({ proxy: data(script), connectTimeoutMs: 2_000 })
    await helloByWebSocket(hasty)
    const hanging = failureOf(getByFetch(hasty, 'https://hanging.lab/'))
    expect((await hanging).code).toBe(TIMEOUT)
    expect((await getByFetch(hasty, USERS_ME, lab.headers)).status).toBe(200)
  })

  test('fails at once when the transport is closed', async () => {
    const lab = await startLab()
    const transport = lab.createTransport({ proxy: data(HANGING[0]?.[1] ?? '') })
    const failing = failureOf(getByFetch(transport))
    await transport.close()
    expect((await failing).code).toBe('ERR_TRANSPORT_CLOSED')
  })
})

test('a PAC URL that answers 404 says so, and not ENOTFOUND', async () => {
  const lab = await startLab()
  const server = await pacServer('', { kind: 'status', status: 404 })
  const error = await failureOf(getByFetch(lab.createTransport({ proxy: server.pacUrl })))
  expect(error.message).toMatch(/404/)
  expect(error.message).not.toContain('ENOTFOUND')
})
