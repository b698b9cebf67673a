import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Daemon } from '../../real/daemon.js'
import { freePort } from '../../support/free-port.js'

export interface SquidOptions {
  /** Lines before `http_access allow all`. */
  readonly rules: string
  /** The port of the HTTP proxy of the lab, which leads to the names that squid cannot know. */
  readonly parentPort: number
}

/** Public addresses, so that rules about addresses see what they would see outside. Nothing is opened there. */
const HOSTS = '162.159.128.233 discord.com\n93.184.215.14 example.com\n'

/** A real squid for the rest of the test: loopback by itself, everything else through the parent. */
export async function startSquid({ rules, parentPort }: SquidOptions): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'discord-transport-squid-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  // squid drops its rights before it opens its logs.
  await chmod(directory, 0o777)
  await writeFile(join(directory, 'hosts'), HOSTS)
  await writeFile(join(directory, 'rules.conf'), rules)
  const port = await freePort()
  const config = [
    `http_port 127.0.0.1:${port}`,
    `include ${directory}/rules.conf`,
    'http_access allow all',
    `cache_peer 127.0.0.1 parent ${parentPort} 0 no-query no-digest default`,
    'acl itself dst 127.0.0.0/8',
    'always_direct allow itself',
    'never_direct allow all',
    `hosts_file ${directory}/hosts`,
    // Nobody answers there: no query leaves this host.
    'dns_nameservers 127.0.0.1',
    'dns_timeout 1 second',
    'cache deny all',
    'pid_filename none',
    'shutdown_lifetime 0 seconds',
    'pinger_enable off',
    `cache_log ${directory}/cache.log`,
    `access_log none`,
    `coredump_dir ${directory}`,
    'visible_hostname squid.lab',
  ]
  const file = join(directory, 'squid.conf')
  await writeFile(file, `${config.join('\n')}\n`)
  // A name of its own: squids of one name share memory.
  const args = ['-f', file, '-N', '-n', `doctor${port}`]
  const daemon = await Daemon.start({ program: 'squid', args, port, within: (command) => command })
  onTestFinished(() => daemon.stop())
  return `http://127.0.0.1:${port}`
}
