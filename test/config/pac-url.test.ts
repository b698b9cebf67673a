import { describe, expect, it } from 'vitest'
import { parseProxyUrl, type PacEndpoint } from '../../src/config/index.js'
import { configErrorOf, expectNoneShown } from './secrecy.js'

function pac(raw: string | URL): PacEndpoint {
  const proxy = parseProxyUrl(raw, 'proxy')
  if (proxy.kind !== 'pac') throw new Error('expected a PAC script')
  return proxy
}

describe('a PAC URL', () => {
  it.each([
    [
      'pac+http://wpad/proxy.pac',
      'pac+http',
      'wpad',
      80,
      'http://wpad/proxy.pac',
      'pac+http://wpad:80/proxy.pac',
    ],
    [
      'pac+https://a.example',
      'pac+https',
      'a.example',
      443,
      'https://a.example/',
      'pac+https://a.example:443/',
    ],
    ['pac+http://[::1]:8080/x', 'pac+http', '::1', 8080, 'http://[::1]:8080/x', 'pac+http://[::1]:8080/x'],
    [
      'pac+https://u:p%40@a.example/x?token=1#part',
      'pac+https',
      'a.example',
      443,
      'https://u:p%40@a.example/x?token=1',
      'pac+https://***:***@a.example:443/x?***',
    ],
    ['pac+file:///etc/proxy.pac', 'pac+file', '', 0, 'file:///etc/proxy.pac', 'pac+file:///etc/proxy.pac'],
    ['pac+file:/etc/a b.pac', 'pac+file', '', 0, 'file:///etc/a%20b.pac', 'pac+file:///etc/a%20b.pac'],
    ['PAC+FILE://localhost/x.pac', 'pac+file', '', 0, 'file:///x.pac', 'pac+file:///x.pac'],
    ['pac+data:,f()', 'pac+data', '', 0, 'data:,f()', 'pac+data:***'],
    ['pac+data:text/plain;base64,Zg==', 'pac+data', '', 0, 'data:text/plain;base64,Zg==', 'pac+data:***'],
  ])('%s', (raw, protocol, host, port, scriptUrl, redactedUrl) => {
    const endpoint = pac(raw)
    expect(endpoint).toMatchObject({ kind: 'pac', protocol, host, port, redactedUrl })
    expect(endpoint.scriptUrl).toBe(scriptUrl)
    expect(pac(new URL(raw)).redactedUrl).toBe(redactedUrl)
  })

  it('keeps the line breaks and the # of an inline script, which URL would drop', () => {
    const script = 'function FindProxyForURL() { // comment\n  return "DIRECT" } // #1'
    const { scriptUrl } = pac(`pac+data:text/javascript,${script}`)
    expect(decodeURIComponent(scriptUrl.slice(scriptUrl.indexOf(',') + 1))).toBe(script)
  })

  it.each([
    ['pac+file://proxy.pac', 'absolute path'],
    ['pac+file:proxy.pac', 'absolute path'],
    ['pac+file://server/share/proxy.pac', 'absolute path'],
    ['pac+file:////server/proxy.pac', 'absolute path'],
    ['pac+file:///etc/', 'absolute path'],
    ['pac+file:///x.pac?v=1', 'absolute path'],
    ['pac+file:///a%2Fb', 'absolute path'],
    ['pac+file:///a%zz', 'absolute path'],
    ['pac+data:', 'a comma and the script'],
    ['pac+data:text/plain', 'a comma and the script'],
    ['pac+data:text/plain, ', 'a comma and the script'],
    ['pac+data://host/x,f()', 'a comma and the script'],
    ['pac+http:///proxy.pac', 'host is missing'],
    ['pac+http://h:0/proxy.pac', 'port'],
    ['pac+http://u:1/2@h/proxy.pac', 'percent-encoded'],
    ['pac+http://u:%zz@h/proxy.pac', 'malformed percent escape'],
    ['pac+ftp://h/proxy.pac', 'not supported'],
    ['pac://h/proxy.pac', 'not supported'],
  ])('%s is refused', (raw, expected) => {
    const error = configErrorOf(() => parseProxyUrl(raw, 'ALL_PROXY'))
    expect(error.message).toMatch(/^ALL_PROXY: /)
    expect(error.message).toContain(expected)
  })

  it('shows neither credentials nor query nor inline script', () => {
    expectNoneShown(pac('pac+https://qzja:qzjb@h/x.pac?qzjc#qzjd'), ['qzj'])
    expectNoneShown(pac('pac+data:,return "PROXY qzja:qzjb@h:1"'), ['qzj'])
  })
})
