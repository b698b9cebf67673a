import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import {
  CREDENTIALS,
  DENIED_HOST,
  proxyUrl,
  refusedUrls,
  type ProxyDesk,
  type RealProxy,
} from './real-proxy.js'

interface Variant {
  /** Not socks4a: danted takes the address that stands for a name for a real one. */
  readonly scheme: 'socks4' | 'socks5'
  /** SOCKS5 with a password of the system's; SOCKS4 with a user id, which danted takes and does not check. */
  readonly user?: boolean
}

const LOCK_MS = 10_000

/** The system's users are one file for all runs: whoever finds it locked tries again. */
async function system(program: string, args: readonly string[], input = ''): Promise<void> {
  const deadline = performance.now() + LOCK_MS
  for (;;) {
    const { status, stderr } = spawnSync(program, args, { input, encoding: 'utf8' })
    if (status === 0) return
    if (!stderr.includes('lock') || performance.now() > deadline)
      throw new Error(`${program} ended with ${String(status)}: ${stderr}`)
    await delay(50)
  }
}

/** danted knows the users of the system only, so there is one for as long as it runs. */
export async function addSystemUser(desk: ProxyDesk, name: string): Promise<void> {
  await removeLeftUsers()
  await system('useradd', ['--no-create-home', '--no-user-group', '--shell', '/usr/sbin/nologin', name])
  desk.atEnd(() => system('userdel', [name]))
  await system('chpasswd', [], `${name}:${CREDENTIALS.password}\n`)
}

/** Those of runs that were killed. */
async function removeLeftUsers(): Promise<void> {
  for (const [name = '', pid = ''] of readFileSync('/etc/passwd', 'utf8').matchAll(/^dt-(\d+)-\d+(?=:)/gm))
    if (!existsSync(`/proc/${pid}`)) await system('userdel', [name])
}

function checksUsers({ scheme, user = false }: Variant): boolean {
  return user && scheme === 'socks5'
}

async function start(desk: ProxyDesk, variant: Variant): ReturnType<RealProxy['start']> {
  const { site } = desk
  const port = await site.freePort()
  const { scheme, user = false } = variant
  const checks = checksUsers(variant)
  const name = `dt-${process.pid}-${port}`
  if (checks) await addSystemUser(desk, name)
  const config = [
    'logoutput: stderr',
    `internal: ${site.host} port = ${port}`,
    `external: ${site.external}`,
    `socksmethod: ${checks ? 'username' : 'none'}`,
    'clientmethod: none',
    'user.privileged: root',
    'user.unprivileged: nobody',
    'client pass { from: 0/0 to: 0/0 }',
    `socks block { from: 0/0 to: ${DENIED_HOST} command: connect }`,
    'socks pass { from: 0/0 to: 0/0 command: connect }',
  ]
  const file = await desk.write('danted.conf', `${config.join('\n')}\n`)
  await desk.run(port, 'danted', ['-f', file])
  const credentials = checks ? { ...CREDENTIALS, username: name } : { username: CREDENTIALS.username }
  return {
    url: proxyUrl(scheme, site, port, user ? credentials : undefined),
    refusedUrls: checks ? refusedUrls(scheme, site, port) : [],
    deniedHost: DENIED_HOST,
  }
}

function dante(name: string, variant: Variant): RealProxy {
  return {
    name,
    packages: ['dante-server'],
    programs: ['danted', 'useradd', 'chpasswd'],
    has: checksUsers(variant) ? ['policy', 'credentials'] : ['policy'],
    start: (desk) => start(desk, variant),
  }
}

export const DANTE: readonly RealProxy[] = [
  dante('danted, SOCKS4', { scheme: 'socks4' }),
  dante('danted, SOCKS4, user id', { scheme: 'socks4', user: true }),
  dante('danted, SOCKS5', { scheme: 'socks5' }),
  dante('danted, SOCKS5, username', { scheme: 'socks5', user: true }),
]
