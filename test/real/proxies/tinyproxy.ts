import { DENIED_HOST, proxyUrl, type ProxyDesk, type RealProxy } from './real-proxy.js'

/** Its configuration knows letters, digits, hyphen, underscore and dot in a password, and no quotes. */
const CREDENTIALS = { username: 'discord-bot', password: 'pass.word-1' }

interface Variant {
  readonly auth?: boolean
  /** Seconds; its own default is 600. */
  readonly timeout?: number
}

/** Writes the configuration and starts it. Returns its port. */
export async function runTinyproxy(
  desk: ProxyDesk,
  { auth = false, timeout = 600 }: Variant = {},
): Promise<number> {
  const port = await desk.site.freePort()
  const filter = await desk.write('filter', `^${DENIED_HOST.replaceAll('.', '\\.')}$\n`)
  const { username, password } = CREDENTIALS
  const config = [
    'User nobody',
    'Group nogroup',
    `Listen ${desk.site.host}`,
    `Port ${port}`,
    `Timeout ${timeout}`,
    'MaxClients 100',
    'ConnectPort 443',
    ...(auth ? [`BasicAuth ${username} ${password}`] : []),
    `Filter "${filter}"`,
    `LogFile "${desk.directory}/tinyproxy.log"`,
    'LogLevel Connect',
  ]
  const file = await desk.write('tinyproxy.conf', `${config.join('\n')}\n`)
  await desk.run(port, 'tinyproxy', ['-d', '-c', file])
  return port
}

function tinyproxy(name: string, variant: Variant): RealProxy {
  return {
    name,
    packages: ['tinyproxy-bin'],
    programs: ['tinyproxy'],
    has: variant.auth === true ? ['policy', 'credentials'] : ['policy'],
    start: async (desk) => {
      const { site } = desk
      const port = await runTinyproxy(desk, variant)
      const { auth = false, timeout } = variant
      const wrong = { ...CREDENTIALS, password: 'wrong' }
      return {
        url: proxyUrl('http', site, port, auth ? CREDENTIALS : undefined),
        refusedUrls: auth ? [proxyUrl('http', site, port, wrong), proxyUrl('http', site, port)] : [],
        deniedHost: DENIED_HOST,
        // It looks once a second, and after the time is up.
        ...(timeout === undefined ? {} : { cutsIdle: true, idleMs: timeout * 1_000 + 2_500 }),
      }
    },
  }
}

export const TINYPROXY: readonly RealProxy[] = [
  tinyproxy('tinyproxy', {}),
  tinyproxy('tinyproxy, BasicAuth', { auth: true }),
  tinyproxy('tinyproxy, idle tunnels cut', { timeout: 2 }),
]
