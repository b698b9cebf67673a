import type { CertificateAuthority } from '../../test/lab/certificates.js'
import type { LabNames } from '../../test/lab/names.js'
import { startPacServer, startProxy, type LabProxy } from '../../test/lab/proxy/index.js'
import type { BotSettings } from './messages.js'

export const SCHEMES = ['http', 'https', 'socks4', 'socks4a', 'socks5', 'socks5h', 'pac'] as const
export type Scheme = (typeof SCHEMES)[number]

export function isScheme(text: string): text is Scheme {
  return SCHEMES.some((scheme) => scheme === text)
}

/** The proxy of one run, and what the bot has to know in order to use it. */
export interface Stage {
  readonly proxy: LabProxy
  readonly settings: Pick<BotSettings, 'proxyCa' | 'localNames'> &
    Required<Pick<BotSettings, 'proxy' | 'allowed'>>
  close(): Promise<void>
}

const auth = { username: 'demo', password: 'p@ss/w%rd' }

/** Starts what a proxy URL of this scheme leads to. */
export async function startStage(scheme: Scheme, names: LabNames, ca: CertificateAuthority): Promise<Stage> {
  switch (scheme) {
    case 'http':
    case 'socks5':
      return stage(await startProxy({ scheme, names, auth }))
    case 'socks5h': {
      const proxy = await startProxy({ scheme: 'socks5', names, auth })
      return stage(proxy, { proxy: proxy.url.replace('socks5:', 'socks5h:') })
    }
    case 'https':
      return stage(await startProxy({ scheme, names, auth, tls: { ca } }), { proxyCa: ca.certificate })
    case 'socks4a':
      return stage(await startProxy({ scheme, names }))
    case 'socks4': {
      // SOCKS4 carries addresses only, so the bot has to resolve names: with a resolver that knows the lab's.
      const localNames = Object.fromEntries(names.addresses.map(({ host, ipv4 }) => [host, ipv4]))
      return stage(await startProxy({ scheme, names }), { localNames })
    }
    case 'pac': {
      const proxy = await startProxy({ scheme: 'http', names })
      const script = `function FindProxyForURL(url, host) { return "PROXY 127.0.0.1:${proxy.port}" }`
      const server = await startPacServer({ script })
      const allowed = [proxy.port, server.port].map((port) => ({ host: '127.0.0.1', port }))
      return stage(proxy, { proxy: server.pacUrl, allowed }, () => server.close())
    }
  }
}

function stage(
  proxy: LabProxy,
  settings: Partial<Stage['settings']> = {},
  close: () => Promise<void> = () => Promise.resolve(),
): Stage {
  return {
    proxy,
    settings: { proxy: proxy.url, allowed: [{ host: '127.0.0.1', port: proxy.port }], ...settings },
    async close() {
      await proxy.close()
      await close()
    },
  }
}
