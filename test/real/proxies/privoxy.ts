import { DENIED_HOST, proxyUrl, type RealProxy } from './real-proxy.js'

export const PRIVOXY: readonly RealProxy[] = [
  {
    name: 'privoxy',
    packages: ['privoxy'],
    programs: ['privoxy'],
    has: ['policy'],
    start: async (desk) => {
      const { site, directory } = desk
      const port = await site.freePort()
      await desk.write('refused.action', `{+block{not for bots}}\n${DENIED_HOST}\n`)
      const config = [
        `listen-address ${site.host}:${port}`,
        `confdir ${directory}`,
        'templdir /etc/privoxy/templates',
        `logdir ${directory}`,
        'logfile privoxy.log',
        'actionsfile refused.action',
        'toggle 1',
        'max-client-connections 256',
        // Seconds for which a tunnel may be silent; its default of 300 is enough for Discord's 41.
        'socket-timeout 300',
      ]
      const file = await desk.write('config', `${config.join('\n')}\n`)
      await desk.run(port, 'privoxy', ['--no-daemon', file])
      return { url: proxyUrl('http', site, port), deniedHost: DENIED_HOST }
    },
  },
]
