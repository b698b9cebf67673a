/** The configurations of docs/proxies.md, as they stand there but for addresses, files and secrets. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { ALL_CASES, runCase, type ProxyUnderTest } from '../cases/index.js'
import { blocksOf } from '../docs/code-blocks.js'
import { missingPrograms, requireRealProxies } from './installed.js'
import { openLocalSite, type LocalSite } from './local-site.js'
import { addSystemUser } from './proxies/dante.js'
import { CREDENTIALS, ProxyDesk } from './proxies/real-proxy.js'
import { runSquid, writeSquidUsers } from './proxies/squid.js'
import { runTinyproxy } from './proxies/tinyproxy.js'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/proxies.md'), 'utf8')

/** What stands below one heading of the page. */
class Section {
  readonly #text: string
  /** Its blocks of code. */
  readonly blocks: readonly string[]

  constructor(heading: string) {
    const [, text] = PAGE.split(`\n### ${heading}\n`)
    if (text === undefined) throw new Error(`docs/proxies.md has no heading ${heading}`)
    this.#text = text.split('\n##')[0] ?? ''
    this.blocks = blocksOf({ text: this.#text }).map(({ code }) => code)
  }

  /** A piece of inline code, by its beginning. */
  inline(start: string): string {
    const found = new RegExp(`\`(${start}[^\`]*)\``).exec(this.#text)?.[1]
    if (found === undefined) throw new Error(`docs/proxies.md does not say ${start}`)
    return found
  }

  /** A URL that it tells the reader to give, at our address. */
  url(written: string): string {
    expect(this.#text).toContain(`\`${written}\``)
    return written.replace('proxy.example', HOST)
  }
}

/** The same text with other values, each of which must be there. */
function edit(text: string, edits: Readonly<Record<string, string>>): string {
  let edited = text
  for (const [written, ours] of Object.entries(edits)) {
    expect(edited).toContain(written)
    edited = edited.replaceAll(written, ours)
  }
  return edited
}

interface Documented {
  readonly title: string
  readonly heading: string
  readonly programs: readonly string[]
  /** Starts it, and says what a user would give us. */
  readonly start: (
    desk: ProxyDesk,
    section: Section,
  ) => Promise<readonly Pick<ProxyUnderTest, 'url' | 'options'>[]>
}

/** Of the list of cases, those that show that a bot can live with it. */
const CASES = ['gateway', 'JSON', '8 MiB up'].map((name) => {
  const found = ALL_CASES.find(({ column }) => column === name)
  if (found === undefined) throw new Error(`there is no case ${name}`)
  return found
})

const HOST = '127.0.0.1'
const USER = { username: 'user', password: 'password' }
/** The network of the bots. */
const OURS = { '10.0.0.0/8': '127.0.0.0/8', '10.0.0.1': HOST }

async function squidWithPassword(
  desk: ProxyDesk,
  [plain = '', auth = '']: readonly string[],
): Promise<string> {
  const users = await writeSquidUsers(desk, USER)
  const rules = /^acl bots .*\n.* bots$/m
  expect(plain).toMatch(rules)
  return edit(plain.replace(rules, edit(auth, { '/etc/squid/users': users })), { '10.0.0.1': HOST })
}

const DOCUMENTED: readonly Documented[] = [
  {
    title: 'squid',
    heading: 'squid',
    programs: ['squid'],
    start: async (desk, section) => {
      await runSquid(desk, 3128, edit(section.blocks[0] ?? '', OURS))
      return [{ url: section.url('http://proxy.example:3128') }]
    },
  },
  {
    title: 'squid with a password',
    heading: 'squid',
    programs: ['squid'],
    start: async (desk, section) => {
      await runSquid(desk, 3128, await squidWithPassword(desk, section.blocks))
      return [{ url: section.url('http://user:password@proxy.example:3128') }]
    },
  },
  {
    title: 'squid with TLS and a password',
    heading: 'squid',
    programs: ['squid'],
    start: async (desk, section) => {
      const { cert, key } = await desk.certificate()
      const files = { '/etc/squid/proxy.pem': cert, '/etc/squid/proxy.key': key, '10.0.0.1': HOST }
      const port = edit(section.inline('https_port'), files)
      await runSquid(
        desk,
        3129,
        edit(await squidWithPassword(desk, section.blocks), { [`http_port ${HOST}:3128`]: port }),
      )
      const options = { proxyTls: { ca: desk.site.ca.certificate } }
      return [{ url: section.url('https://user:password@proxy.example:3129'), options }]
    },
  },
  {
    title: 'tinyproxy',
    heading: 'tinyproxy',
    programs: ['tinyproxy'],
    start: async (desk, section) => {
      const file = await desk.write('tinyproxy.conf', edit(section.blocks[0] ?? '', OURS))
      await desk.run(8888, 'tinyproxy', ['-d', '-c', file])
      return [{ url: section.url('http://user:password@proxy.example:8888') }]
    },
  },
  {
    title: 'Privoxy',
    heading: 'Privoxy',
    programs: ['privoxy'],
    start: async (desk, section) => {
      const file = await desk.write('config', section.blocks[0] ?? '')
      await desk.run(8118, 'privoxy', ['--no-daemon', file])
      return [{ url: section.url('http://127.0.0.1:8118') }]
    },
  },
  {
    title: 'stunnel',
    heading: 'stunnel in front of an HTTP proxy',
    programs: ['stunnel', 'tinyproxy'],
    start: async (desk, section) => {
      const { cert, key } = await desk.certificate()
      const config = edit(section.blocks[0] ?? '', {
        '127.0.0.1:8888': `${HOST}:${await runTinyproxy(desk)}`,
        '/etc/stunnel/proxy.pem': cert,
        '/etc/stunnel/proxy.key': key,
      })
      const file = await desk.write('stunnel.conf', `foreground = yes\npid =\n${config}`)
      await desk.run(3129, 'stunnel', [file])
      const options = { proxyTls: { ca: desk.site.ca.certificate } }
      return [{ url: section.url('https://proxy.example:3129'), options }]
    },
  },
  {
    title: 'Dante',
    heading: 'Dante',
    programs: ['danted', 'useradd', 'chpasswd'],
    start: async (desk, section) => {
      const name = `dt-${process.pid}-1080`
      await addSystemUser(desk, name)
      const file = await desk.write('danted.conf', edit(section.blocks[0] ?? '', { ...OURS, eth0: HOST }))
      await desk.run(1080, 'danted', ['-f', file])
      const login = `${name}:${encodeURIComponent(CREDENTIALS.password)}@`
      const url = section.url('socks5://user:password@proxy.example:1080')
      return [{ url: edit(url, { 'user:password@': login }) }]
    },
  },
  {
    title: 'microsocks',
    heading: 'microsocks',
    programs: ['microsocks'],
    start: async (desk, section) => {
      const [program = '', ...args] = edit(section.inline('microsocks '), { '10.0.0.1': HOST }).split(' ')
      await desk.run(1080, program, args)
      return [{ url: section.url('socks5://user:password@proxy.example:1080') }]
    },
  },
  {
    title: 'V2Ray',
    heading: 'V2Ray, Xray, Clash and Clash Verge',
    programs: ['v2ray'],
    start: async (desk, section) => {
      const file = await desk.write('config.json', section.blocks[0] ?? '')
      await desk.run(8080, 'v2ray', ['-config', file])
      return [{ url: section.url('socks5://127.0.0.1:1080') }, { url: section.url('http://127.0.0.1:8080') }]
    },
  },
  {
    title: 'Shadowsocks',
    heading: 'Shadowsocks (ss-local)',
    programs: ['ss-local', 'ss-server'],
    start: async (desk, section) => {
      const config = edit(section.blocks[0] ?? '', { 'server.example': HOST })
      const file = await desk.write('config.json', config)
      // The same file serves both, but for the resolver.
      await desk.run(8388, 'ss-server', ['-c', file, '-d', desk.site.nameServer])
      await desk.run(1080, 'ss-local', ['-c', file])
      return [{ url: section.url('socks5://127.0.0.1:1080') }]
    },
  },
]

let local: LocalSite

beforeAll(async () => {
  local = await openLocalSite()
  return () => local.close()
})

for (const { title, heading, programs, start } of DOCUMENTED) {
  const missing = missingPrograms(programs)
  const note = missing.length === 0 ? '' : ` (not installed: ${missing.join(', ')})`
  it.skipIf(missing.length > 0 && !requireRealProxies)(
    `the configuration for ${title} in docs/proxies.md works with Discord${note}`,
    async () => {
      const desk = await ProxyDesk.open(local.site, `documented ${title}`)
      onTestFinished(() => desk.stop())
      for (const { url, options } of await start(desk, new Section(heading))) {
        const proxy = { url, refusedUrls: [], says: {}, ...(options && { options }) }
        const { discord } = local.outside
        for (const each of CASES) await runCase(each, { proxy, discord })
      }
    },
  )
}
