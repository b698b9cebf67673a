import { DENIED_HOST, proxyUrl, type RealProxy } from './real-proxy.js'
import { runTinyproxy } from './tinyproxy.js'

export const STUNNEL: readonly RealProxy[] = [
  {
    name: 'stunnel before tinyproxy',
    packages: ['stunnel4', 'tinyproxy-bin'],
    programs: ['stunnel', 'tinyproxy'],
    has: ['policy'],
    start: async (desk) => {
      const { site } = desk
      const behind = await runTinyproxy(desk)
      const port = await site.freePort()
      const { cert, key } = await desk.certificate()
      const config = [
        'foreground = yes',
        'pid =',
        '[proxy]',
        `accept = ${site.host}:${port}`,
        `connect = ${site.host}:${behind}`,
        `cert = ${cert}`,
        `key = ${key}`,
        // Seconds; 12 hours is its default.
        'TIMEOUTidle = 43200',
      ]
      const file = await desk.write('stunnel.conf', `${config.join('\n')}\n`)
      await desk.run(port, 'stunnel', [file])
      return {
        url: proxyUrl('https', site, port),
        deniedHost: DENIED_HOST,
        options: { proxyTls: { ca: site.ca.certificate } },
      }
    },
  },
]
