import { execFile } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { builtPackage, type BuiltPackage } from '../support/processes/built-package.js'
import { Program } from '../support/processes/program.js'
import { startPacServer } from '../lab/proxy/index.js'
import { startLab, type Lab } from '../support/lab.js'
import { BELOW } from './support/below.js'

const run = promisify(execFile)

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

let built: BuiltPackage
beforeAll(async () => {
  built = await builtPackage()
}, 60_000)

const FORMS = ['import', 'require'] as const

/** Runs code of CommonJS behind the preload, to its end. */
async function runCode(
  code: string,
  env: Readonly<Record<string, string>>,
  args: readonly string[] = [`--require=${built.register.require}`],
): Promise<Ended> {
  const options = { env: { PATH: process.env['PATH'], ...env } }
  return run(process.execPath, [...args, '--eval', code], options).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: unknown) => error as Ended,
  )
}

describe('a variable that is not usable ends the process with one line, before the program', () => {
  const proxy = { HTTPS_PROXY: 'http://127.0.0.1:9' }
  test.each([
    [
      'SCOPE',
      { ...proxy, DISCORD_TRANSPORT_SCOPE: 'everything' },
      /DISCORD_TRANSPORT_SCOPE: must be discord or all/,
    ],
    [
      'several',
      { ...proxy, DISCORD_TRANSPORT_LOOPBACK: 'no', DISCORD_TRANSPORT_SOCKETS: '1' },
      /_LOOPBACK: .*_SOCKETS: /,
    ],
    ['CHILDREN', { ...proxy, DISCORD_TRANSPORT_CHILDREN: 'perhaps' }, /_CHILDREN: must be true or false/],
    [
      'CA_FILE',
      { ...proxy, DISCORD_TRANSPORT_CA_FILE: '/nowhere.pem' },
      /_CA_FILE: the file cannot be read \(ENOENT\)/,
    ],
    [
      'REQUIRED without a proxy',
      { DISCORD_TRANSPORT_REQUIRED: '1' },
      /_REQUIRED: no proxy was found; looked at OPENCLAW_PROXY_URL/,
    ],
    [
      'the proxy',
      { HTTPS_PROXY: 'ftp://us:secret@proxy' },
      /HTTPS_PROXY: the scheme ftp:\/\/ is not supported/,
    ],
  ])('%s', async (_name, env, line) => {
    const { code, stdout, stderr } = await runCode('console.log("ran")', env)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^discord-transport\/register: [^\n]+\n$/)
    expect(stderr).toMatch(line)
    expect(stderr).not.toContain('secret')
  })
})

test.each([
  [
    'a variable',
    { DISCORD_TRANSPORT_SCOPE: 'all of it' },
    /DISCORD_TRANSPORT_SCOPE: 必须是 discord 或 all。/,
  ],
  ['the proxy', { HTTPS_PROXY: 'vmess://secret' }, /HTTPS_PROXY: 不支持协议 vmess:\/\//],
  ['no proxy', { DISCORD_TRANSPORT_REQUIRED: '1' }, /没有找到代理；查找过 OPENCLAW_PROXY_URL/],
])('the line about %s is Chinese where LANG asks for it', async (_name, env, line) => {
  const { code, stderr } = await runCode('console.log("ran")', { ...env, LANG: 'zh_CN.UTF-8' })
  expect(code).toBe(1)
  expect(stderr).toMatch(/^discord-transport\/register：[^\n]+\n$/)
  expect(stderr).toMatch(line)
  expect(stderr).not.toContain('secret')
})

/** A program that asks Discord twice, and says what was loaded and what was connected. */
const PROGRAM = `
${BELOW}
import https from 'node:https'
import { Session } from 'node:inspector'

const loaded = () => {
  const names = new Set()
  const session = new Session()
  session.connect()
  session.on('Debugger.scriptParsed', ({ params }) => {
    const [, name] = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)\\//.exec(params.url) ?? []
    if (name !== undefined && !name.startsWith('.') && name !== 'discord-transport') names.add(name)
    if (/register-transport/.test(params.url)) names.add('the transport')
    if (/chinese/.test(params.url)) names.add('the Chinese texts')
  })
  session.post('Debugger.enable')
  session.disconnect()
  return [...names]
}
const before = loaded()
const url = 'https://discord.com/api/v10/users/@me'
const headers = { authorization: 'Bot ' + process.env.DISCORD_BOT_TOKEN }
const byFetch = await fetch(url, { headers })
await byFetch.text()
const byHttps = await new Promise((resolve, reject) => https.get(url, { headers }, (response) => {
  response.resume().on('end', () => resolve(response.statusCode))
}).on('error', reject))
console.log(JSON.stringify({ before, after: loaded(), statuses: [byFetch.status, byHttps], below: below() }))
`

interface Report {
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly statuses: readonly number[]
  readonly below: { readonly lookups: number; readonly connections: readonly string[] }
}

async function runProgram(
  { discord, proxy }: Lab,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Report> {
  const command = [process.execPath, ...args]
  const program = await Program.start({ code: PROGRAM, proxy: proxy.url, discord, command, env })
  try {
    expect(await program.ended(), program.output).toBe(0)
    return JSON.parse(program.output) as Report
  } finally {
    await program.kill()
  }
}

describe('a program that knows nothing of this package', () => {
  test.each(FORMS)(
    'takes the proxy by --%s, and loads the transport with its first request',
    async (form) => {
      const lab = await startLab()
      const report = await runProgram(lab, [`--${form}`, built.register[form]])
      const { host, port } = lab.proxy
      expect(report.statuses).toEqual([200, 200])
      expect(report.before).toEqual([])
      expect(report.after).toContain('the transport')
      expect(report.after).not.toContain('the Chinese texts')
      expect(new Set(report.below.connections)).toEqual(new Set([`${host}:${port}`]))
      expect(report.below.lookups).toBe(0)
    },
  )

  test('that is told twice, in NODE_OPTIONS and on the command line, has one installation', async () => {
    const lab = await startLab()
    const args = ['--import', built.register.import, '--require', built.register.require]
    const report = await runProgram(lab, args, { NODE_OPTIONS: `--require="${built.register.require}"` })
    expect(report.statuses).toEqual([200, 200])
    expect(report.below.lookups).toBe(0)
  })

  test('has a PAC script whose thread and whose download take no part in the installation', async () => {
    const lab = await startLab()
    const { host, port } = lab.proxy
    const script = `function FindProxyForURL() { return 'PROXY ${host}:${port}' }`
    const pac = await startPacServer({ script })
    onTestFinished(() => pac.close())
    // The address of the script itself is known; that of a redirection is not.
    const front = http.createServer((_request, response) => {
      response.writeHead(302, { location: pac.url, connection: 'close' }).end()
    })
    await once(front.listen(0, '127.0.0.1'), 'listening')
    onTestFinished(() => new Promise((resolve) => front.close(() => resolve())))
    const { port: frontPort } = front.address() as AddressInfo
    const report = await runProgram(lab, ['--import', built.register.import], {
      OPENCLAW_PROXY_URL: `pac+http://127.0.0.1:${frontPort}/`,
      // The server of the script is in scope then.
      DISCORD_TRANSPORT_SCOPE: 'all',
      DISCORD_TRANSPORT_LOOPBACK: 'proxy',
    })
    expect(report.statuses).toEqual([200, 200])
    expect(pac.requests).toHaveLength(1)
    expect(new Set(report.below.connections)).toEqual(new Set([`${host}:${port}`]))
  })

  test('finds its authority in DISCORD_TRANSPORT_CA_FILE', async () => {
    const lab = await startLab()
    const report = await runProgram(lab, ['--import', built.register.import], {
      NODE_EXTRA_CA_CERTS: undefined,
      DISCORD_TRANSPORT_CA_FILE: 'ca.pem',
    })
    expect(report.statuses).toEqual([200, 200])
  })
})

test('install() under register gives a handle to the same route alone, whose stop() does nothing', async () => {
  const { discord, proxy } = await startLab()
  const program = await Program.start({
    code: `
      import { createDiscordTransport } from 'discord-transport'
      const attempt = async (options, wanted) => {
        const transport = createDiscordTransport(options)
        try {
          const installed = transport.install(wanted)
          const { scope } = installed
          installed.stop()
          return { scope, route: installed.explain('https://discord.com/').route }
        } catch ({ code, message }) {
          return { code, message }
        } finally {
          await transport.close()
        }
      }
      console.log(JSON.stringify({
        'the same': await attempt({}, {}),
        'a wider scope': await attempt({}, { scope: 'all' }),
        'another proxy': await attempt({ proxy: 'http://127.0.0.1:9' }, {}),
        'a bypass list': await attempt({ proxy: process.env.OPENCLAW_PROXY_URL, noProxy: ['a.example'] }, {}),
      }))`,
    proxy: proxy.url,
    discord,
    command: [process.execPath, '--import', built.register.import],
  })
  try {
    expect(await program.ended(), program.output).toBe(0)
    const message: unknown = expect.stringContaining('discord-transport/register')
    const refused = { code: 'ERR_ALREADY_INSTALLED', message }
    expect(JSON.parse(program.output)).toEqual({
      'the same': { scope: 'discord', route: 'proxy' },
      'a wider scope': refused,
      'another proxy': refused,
      'a bypass list': refused,
    })
  } finally {
    await program.kill()
  }
})

test('install() under register with the scope all gives a handle to it, whatever scope it asks for', async () => {
  const { code, stdout } = await runCode(
    `const { createDiscordTransport } = require(require.resolve('discord-transport', { paths: [${JSON.stringify(built.folder)}] }))
    const transport = createDiscordTransport()
    console.log(transport.install().scope, transport.install({ scope: 'all' }).scope)`,
    { HTTPS_PROXY: 'http://127.0.0.1:9', DISCORD_TRANSPORT_SCOPE: 'all' },
  )
  expect({ code, stdout }).toEqual({ code: 0, stdout: 'all all\n' })
})

test('DISCORD_TRANSPORT_CONNECT_TIMEOUT_MS is the time that a proxy has', async () => {
  const { proxy } = await startLab({ fault: { kind: 'request', verb: 'silence' } })
  const { stdout } = await runCode(
    "fetch('https://discord.com/').catch((error) => console.log(error.cause.code, error.cause.message))",
    { HTTPS_PROXY: proxy.url, DISCORD_TRANSPORT_CONNECT_TIMEOUT_MS: '345' },
  )
  expect(stdout).toMatch(/^ERR_PROXY_TIMEOUT .* within 345 ms\n$/)
})

/** The proxy comes into the environment when the program runs already. Nothing listens there. */
const LATE = (required: boolean): string => `
  process.env.HTTPS_PROXY = 'http://127.0.0.1:9'
  ${required ? "process.env.DISCORD_TRANSPORT_REQUIRED = 'true'" : ''}
  const net = require('node:net')
  const lookup = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
  const connect = () => new Promise((resolve) => {
    const socket = net.connect({ host: 'discord.com', port: 9, lookup })
    socket.on('error', ({ code }) => resolve(code))
    socket.on('connect', () => resolve('connected'))
  })
  connect().then(connect).then(console.log)`

describe('a proxy that comes after register', () => {
  test('is named in one warning, at the first connection to Discord', async () => {
    const { code, stdout, stderr } = await runCode(LATE(false), {})
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'ECONNREFUSED\n' })
    expect(stderr.match(/DISCORD_TRANSPORT_LATE_PROXY/g)).toHaveLength(1)
    expect(stderr).toMatch(/HTTPS_PROXY was set after .*\n.*--env-file=\.env/)
  })

  test('is a refusal with DISCORD_TRANSPORT_REQUIRED', async () => {
    const { stdout, stderr } = await runCode(LATE(true), {})
    expect({ stdout, stderr }).toEqual({ stdout: 'ERR_ROUTE_REFUSED\n', stderr: '' })
  })
})
