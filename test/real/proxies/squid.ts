import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  CREDENTIALS,
  DENIED_HOST,
  proxyUrl,
  refusedUrls,
  type ProxyDesk,
  type RealProxy,
} from './real-proxy.js'

interface Variant {
  readonly scheme: 'http' | 'https'
  readonly auth?: boolean
  readonly denies?: boolean
}

/** Debian's folder for squid's helpers. */
const NCSA_AUTH = '/usr/lib/squid/basic_ncsa_auth'
const SHARED_MEMORY = '/dev/shm'

/** The file of basic_ncsa_auth, which takes the bare MD5 of a password, among the hashes of crypt(3). */
export function writeSquidUsers(
  desk: ProxyDesk,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<string> {
  const hash = createHash('md5').update(password).digest('hex')
  return desk.write('users', `${username}:${hash}\n`)
}

async function authLines(desk: ProxyDesk): Promise<readonly string[]> {
  return [
    `auth_param basic program ${NCSA_AUTH} ${await writeSquidUsers(desk, CREDENTIALS)}`,
    'auth_param basic children 2 startup=1',
    'acl known proxy_auth REQUIRED',
    'http_access deny !known',
  ]
}

async function portLine(desk: ProxyDesk, port: number, { scheme }: Variant): Promise<string> {
  const address = `${desk.site.host}:${port}`
  if (scheme === 'http') return `http_port ${address}`
  const { cert, key } = await desk.certificate()
  return `https_port ${address} tls-cert=${cert} tls-key=${key}`
}

function removeSharedMemory(service: string): void {
  for (const name of readdirSync(SHARED_MEMORY)) {
    if (name.startsWith(`${service}-`)) rmSync(join(SHARED_MEMORY, name))
  }
}

/** Starts a squid that keeps everything it writes in the desk's folder. */
export async function runSquid(desk: ProxyDesk, port: number, config: string): Promise<void> {
  const { directory } = desk
  const own = [
    'pid_filename none',
    'shutdown_lifetime 0 seconds',
    // icons, pinger and the like would need folders of their own
    'pinger_enable off',
    `cache_log ${directory}/cache.log`,
    `access_log stdio:${directory}/access.log`,
    `coredump_dir ${directory}`,
    'visible_hostname squid.lab',
  ]
  const file = await desk.write('squid.conf', `${config}\n${own.join('\n')}\n`)
  // Its shared memory is named after the service, and outlives a squid that was killed.
  const service = `dt${process.pid}x${port}`
  desk.atEnd(() => removeSharedMemory(service))
  await desk.run(port, 'squid', ['-f', file, '-n', service, '-N'])
}

async function start(desk: ProxyDesk, variant: Variant): ReturnType<RealProxy['start']> {
  const { site } = desk
  const { scheme, auth = false, denies = false } = variant
  const port = await site.freePort()
  const config = [
    await portLine(desk, port, variant),
    'acl https_port port 443',
    'http_access deny CONNECT !https_port',
    ...(denies ? [`acl refused dstdomain ${DENIED_HOST}`, 'http_access deny CONNECT refused'] : []),
    ...(auth ? await authLines(desk) : []),
    'http_access allow all',
    // What else a tunnel needs: more than Discord's 41 seconds between heartbeats. 15 minutes is squid's default.
    'read_timeout 15 minutes',
    `dns_nameservers ${site.nameServer}`,
    'hosts_file none',
    'cache deny all',
  ]
  await runSquid(desk, port, config.join('\n'))
  return {
    url: proxyUrl(scheme, site, port, auth ? CREDENTIALS : undefined),
    refusedUrls: auth ? refusedUrls(scheme, site, port) : [],
    ...(denies ? { deniedHost: DENIED_HOST } : {}),
    ...(scheme === 'https' ? { options: { proxyTls: { ca: site.ca.certificate } } } : {}),
  }
}

function squid(name: string, variant: Variant): RealProxy {
  return {
    name,
    packages: ['squid-openssl'],
    programs: ['squid'],
    has: [
      ...(variant.auth === true ? (['credentials'] as const) : []),
      ...(variant.denies === true ? (['policy'] as const) : []),
    ],
    start: (desk) => start(desk, variant),
  }
}

export const SQUID: readonly RealProxy[] = [
  squid('squid', { scheme: 'http' }),
  squid('squid, Basic', { scheme: 'http', auth: true }),
  squid('squid, TLS listener', { scheme: 'https', auth: true }),
  squid('squid, a destination denied', { scheme: 'http', denies: true }),
]
