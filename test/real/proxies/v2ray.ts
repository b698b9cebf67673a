import { CREDENTIALS, DENIED_HOST, proxyUrl, refusedUrls, type RealProxy } from './real-proxy.js'

/** Of the SOCKS inbound, 4a only where it asks for no password: that version has none. */
type Scheme = 'http' | 'socks4a' | 'socks5'

function v2ray(name: string, scheme: Scheme): RealProxy {
  const auth = scheme !== 'socks4a'
  return {
    name,
    packages: ['v2ray'],
    programs: ['v2ray'],
    has: auth ? ['policy', 'credentials'] : ['policy'],
    start: async (desk) => {
      const { site } = desk
      const port = await site.freePort()
      const accounts = [{ user: CREDENTIALS.username, pass: CREDENTIALS.password }]
      const socksAuth = auth ? { auth: 'password', accounts } : { auth: 'noauth' }
      const config = {
        log: { loglevel: 'warning' },
        inbounds: [
          {
            listen: site.host,
            port,
            protocol: scheme === 'http' ? 'http' : 'socks',
            settings: scheme === 'http' ? { accounts } : { ...socksAuth, udp: false },
          },
        ],
        outbounds: [
          { tag: 'out', protocol: 'freedom', settings: { domainStrategy: 'UseIPv4' } },
          { tag: 'refused', protocol: 'blackhole' },
        ],
        routing: {
          rules: [{ type: 'field', domain: [`full:${DENIED_HOST}`], outboundTag: 'refused' }],
        },
        // Seconds of silence after which a tunnel ends; 300 is its default.
        policy: { levels: { '0': { connIdle: 300 } } },
      }
      const file = await desk.write('config.json', JSON.stringify(config, undefined, 2))
      await desk.run(port, 'v2ray', ['-config', file])
      return {
        url: proxyUrl(scheme, site, port, auth ? CREDENTIALS : undefined),
        refusedUrls: auth ? refusedUrls(scheme, site, port) : [],
        deniedHost: DENIED_HOST,
        // It says yes before it has connected, and closes the tunnel when it cannot.
        says: { denied: 'ERR_TARGET_TLS', unknownName: 'ERR_TARGET_TLS' },
      }
    },
  }
}

export const V2RAY: readonly RealProxy[] = [
  v2ray('v2ray, HTTP', 'http'),
  v2ray('v2ray, SOCKS5', 'socks5'),
  v2ray('v2ray, SOCKS4a', 'socks4a'),
]
