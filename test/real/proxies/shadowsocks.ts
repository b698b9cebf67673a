import { randomBytes } from 'node:crypto'
import { proxyUrl, type RealProxy } from './real-proxy.js'

export const SHADOWSOCKS: readonly RealProxy[] = [
  {
    name: 'ss-local before ss-server',
    packages: ['shadowsocks-libev'],
    programs: ['ss-local', 'ss-server'],
    has: [],
    start: async (desk) => {
      const { site } = desk
      const serverPort = await site.freePort()
      const shared = {
        server: site.host,
        server_port: serverPort,
        password: randomBytes(16).toString('hex'),
        method: 'chacha20-ietf-poly1305',
        // Seconds of silence after which a tunnel ends; 60 is the default.
        timeout: 300,
      }
      const server = await desk.write(
        'server.json',
        JSON.stringify({ ...shared, nameserver: site.nameServer }),
      )
      await desk.run(serverPort, 'ss-server', ['-c', server])
      const port = await site.freePort()
      const local = { ...shared, local_address: site.host, local_port: port }
      const file = await desk.write('local.json', JSON.stringify(local))
      await desk.run(port, 'ss-local', ['-c', file])
      return {
        url: proxyUrl('socks5', site, port),
        // ss-local says yes before ss-server has heard of it.
        says: { unknownName: 'ERR_TARGET_TLS' },
      }
    },
  },
]
