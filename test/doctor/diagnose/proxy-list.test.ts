import { expect, test } from 'vitest'
import { styleFor } from '../../../src/cli/text/terminal.js'
import { diagnosisPage } from '../../../src/cli/text/diagnosis-page.js'
import { diagnosisText } from '../../../src/cli/text/diagnosis-text.js'
import { reachDirectly } from '../../support/direct-discord.js'
import { startLab } from '../../support/lab.js'
import { diagnose, outcomeOf } from './diagnose.js'

test('each proxy of a list is diagnosed, and one that fails fails the diagnosis', async () => {
  const lab = await startLab()
  const second = await lab.startProxy({ scheme: 'socks5' })
  const proxy = [lab.proxy.url, second.url]
  const well = await diagnose(lab, { proxy })
  expect(outcomeOf(well)).toBe('works')
  expect(well).toMatchObject({ ok: true, proxy: { url: lab.proxy.url }, otherProxies: [{ ok: true }] })
  await second.close()
  const diagnosis = await diagnose(lab, { proxy })
  expect(outcomeOf(diagnosis)).toBe('works')
  expect(diagnosis.ok).toBe(false)
  const [other] = diagnosis.otherProxies ?? []
  expect(other).toMatchObject({ ok: false, proxy: { url: second.url } })
  expect(other?.hops.find(({ status }) => status === 'failed')).toMatchObject({
    id: 'proxy-connect',
    code: 'ERR_PROXY_UNREACHABLE',
  })
  const text = diagnosisText(diagnosis, styleFor(process.stdout))
  expect(text).toContain(`${second.url} is proxy 2 of 2`)
  expect(text).toContain('ERR_PROXY_UNREACHABLE')
  const page = diagnosisPage(diagnosis)
  expect(page).toContain(`<h2 class="proxy">${second.url} is proxy 2 of 2</h2>`)
  expect(page).toMatch(/<p class="verdict failed">FAILED at .*ERR_PROXY_UNREACHABLE<\/p>/)
})

test('each proxy of a list gets the header of its own entry', async () => {
  const lab = await startLab({ auth: { authorization: 'Bearer first' } })
  const second = await lab.startProxy({ auth: { authorization: 'Bearer second' } })
  const proxy = [
    { url: lab.proxy.url, proxyAuthorization: 'Bearer first' },
    { url: second.url, proxyAuthorization: () => 'Bearer second' },
  ]
  expect(await diagnose(lab, { proxy })).toMatchObject({ ok: true, otherProxies: [{ ok: true }] })
  // What it refuses is not a matter of credentials in the URL.
  const refused = proxy.map(({ url }) => ({ url, proxyAuthorization: 'Bearer none' }))
  expect(await diagnose(lab, { proxy: refused })).toMatchObject({ fix: null, otherProxies: [{ fix: null }] })
})

test('onEvent is told of the first proxy alone', async () => {
  const lab = await startLab()
  const second = await lab.startProxy({ scheme: 'socks5' })
  reachDirectly(lab.names)
  const diagnosis = await diagnose(lab, { proxy: [lab.proxy.url, second.url] }, { compare: true })
  expect(diagnosis).toMatchObject({ otherProxies: [{ ok: true }], comparison: { direct: { ok: true } } })
  const tunnels = lab.events.filter(({ type }) => type === 'tunnel-open')
  expect(tunnels.length).toBeGreaterThan(0)
  for (const tunnel of tunnels) expect(tunnel).toMatchObject({ proxy: lab.proxy.url })
})

test('one proxy has no others', async () => {
  const lab = await startLab()
  expect(await diagnose(lab)).not.toHaveProperty('otherProxies')
})
