import { CREDENTIALS, proxyUrl, refusedUrls, type RealProxy } from './real-proxy.js'

function microsocks(name: string, auth: boolean): RealProxy {
  return {
    name,
    packages: ['microsocks'],
    programs: ['microsocks'],
    has: auth ? ['credentials'] : [],
    start: async (desk) => {
      const { site } = desk
      const port = await site.freePort()
      const { username, password } = CREDENTIALS
      const credentials = auth ? ['-u', username, '-P', password] : []
      await desk.run(port, 'microsocks', ['-i', site.host, '-p', String(port), ...credentials])
      return {
        url: proxyUrl('socks5', site, port, auth ? CREDENTIALS : undefined),
        refusedUrls: auth ? refusedUrls('socks5', site, port) : [],
      }
    },
  }
}

export const MICROSOCKS: readonly RealProxy[] = [
  microsocks('microsocks', false),
  microsocks('microsocks, username', true),
]
