import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import workerThreads from 'node:worker_threads'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createDiscordTransport,
  TransportError,
  type InstallOptions,
  type TransportOptions,
} from '../../src/index.js'
import { withPreload } from '../../src/process/children/node-options.js'
import { builtPackage, type BuiltPackage } from '../support/processes/built-package.js'
import { labAuthority } from '../lab/certificates.js'
import { startLab } from '../support/lab.js'
import { FULL } from '../support/matrix.js'
import { Program } from '../support/processes/program.js'
import { BELOW } from './support/below.js'

let built: BuiltPackage
beforeAll(async () => {
  built = await builtPackage()
}, 60_000)

/** A child: asks Discord and this host, and reports what it connected to, by whichever way it has to its parent. */
const KID = `
(async () => {
  ${BELOW}
  const { parentPort } = require('node:worker_threads')
  const { status } = await fetch('https://discord.com/api/v10/gateway')
  const here = await fetch('http://127.0.0.1:2/').catch(({ cause }) => cause.code)
  const report = JSON.stringify({ status, here, ...below() })
  if (parentPort) parentPort.postMessage(report)
  else if (process.send) process.send(report, () => process.disconnect())
  else console.log(report)
})()
`

/** Starts the child by each way, or by some of them; each has the child's report. */
const waysProgram = (chosen: readonly string[] | undefined): string => `
import { execFileSync, execSync, exec, fork, spawn, spawnSync } from 'node:child_process'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { Worker } from 'node:worker_threads'

const code = ${JSON.stringify(KID)}
const kid = resolve('kid.cjs')
writeFileSync(kid, code)
mkdirSync('elsewhere')
const message = async (emitter) => (await once(emitter, 'message')).find((value) => typeof value === 'string')
const ways = {
  'spawn with an empty environment': () => text(spawn(process.execPath, [kid], { env: {} }).stdout),
  exec: () => text(exec('"' + process.execPath + '" "' + kid + '"').stdout),
  execFileSync: () => execFileSync(process.execPath, [kid], { env: {} }),
  execSync: () => execSync('"' + process.execPath + '" "' + kid + '"', { env: {}, stdio: 'pipe' }),
  spawnSync: () => spawnSync(process.execPath, [kid]).stdout,
  fork: () => message(fork(kid)),
  'fork elsewhere': () => message(fork(kid, { cwd: 'elsewhere' })),
  'fork without flags and environment': () => message(fork(kid, { execArgv: [], env: {} })),
  cluster: () => {
    cluster.setupPrimary({ exec: kid, silent: true })
    return message(cluster.fork())
  },
  Worker: () => message(new Worker(kid)),
  'Worker of code': () => message(new Worker(code, { eval: true })),
  'Worker without flags and environment': () => message(new Worker(kid, { execArgv: [], env: {} })),
  'Worker of a Worker': () => message(new Worker(
    'const { Worker, parentPort } = require("node:worker_threads");' +
    'new Worker(' + JSON.stringify(kid) + ').on("message", (report) => parentPort.postMessage(report))', { eval: true })),
}
const before = JSON.stringify(process.env)
const reports = {}
const chosen = ${JSON.stringify(chosen)} ?? Object.keys(ways)
for (const [name, way] of Object.entries(ways).filter(([name]) => chosen.includes(name)))
  reports[name] = await Promise.resolve().then(way).then((report) => JSON.parse(String(report))).catch(String)
console.log(JSON.stringify({ reports, unchanged: JSON.stringify(process.env) === before }))
process.exit()
`

const INSTALL = `
import { createDiscordTransport } from 'discord-transport'
createDiscordTransport({ proxy: process.env.LAB_PROXY, tls: { caFile: 'ca.pem' } }).install({
  scope: 'all',
  loopback: 'block',
  children: true,
})
`

/** Those whose child inherits flags of its parent, and one that inherits nothing. */
const INHERITING = ['spawn with an empty environment', 'fork', 'cluster', 'Worker', 'Worker of a Worker']

describe('each way to start a child leads it through the proxy', { timeout: 60_000 }, () => {
  test.each([
    ['install({ children: true })', [], INSTALL, undefined],
    ['register by --import', ['--import'], '', FULL ? undefined : INHERITING],
    ...(FULL ? [['register by --require', ['--require'], '', undefined] as const] : []),
  ] as const)('%s', async (_name, [flag], install, chosen) => {
    const { discord, proxy } = await startLab()
    const file = flag === '--import' ? built.register.import : built.register.require
    const program = await Program.start({
      code: `${install}${waysProgram(chosen)}`,
      proxy: proxy.url,
      discord,
      command: [process.execPath, ...(flag === undefined ? [] : [flag, file])],
      env: {
        NODE_EXTRA_CA_CERTS: undefined,
        ...(flag === undefined
          ? { OPENCLAW_PROXY_URL: undefined, LAB_PROXY: proxy.url }
          : {
              DISCORD_TRANSPORT_CA_FILE: 'ca.pem',
              DISCORD_TRANSPORT_SCOPE: 'all',
              DISCORD_TRANSPORT_LOOPBACK: 'block',
            }),
      },
    })
    try {
      expect(await program.ended(), program.output).toBe(0)
      const { reports, unchanged } = JSON.parse(program.output) as {
        readonly reports: Readonly<Record<string, unknown>>
        readonly unchanged: boolean
      }
      const connections = [`${proxy.host}:${proxy.port}`]
      const expected = { status: 200, here: 'ERR_ROUTE_REFUSED', lookups: 0, connections }
      expect(reports).toEqual(Object.fromEntries(Object.keys(reports).map((name) => [name, expected])))
      expect(Object.keys(reports)).toHaveLength(chosen?.length ?? 13)
      expect(unchanged).toBe(true)
    } finally {
      await program.kill()
    }
  })
})

test('a preload by name is found by a child in another folder', async () => {
  const { discord, proxy } = await startLab()
  const program = await Program.start({
    code: `
      import { fork, spawnSync } from 'node:child_process'
      import { writeFileSync } from 'node:fs'
      writeFileSync('kid.cjs', 'console.log("kid")')
      const kid = process.cwd() + '/kid.cjs'
      console.log(spawnSync(process.execPath, [kid], { cwd: '/', encoding: 'utf8' }).stdout)
      fork(kid, { cwd: '/' })`,
    proxy: proxy.url,
    discord,
    command: [process.execPath, '--import', 'discord-transport/register'],
    env: { NODE_OPTIONS: '--import discord-transport/register' },
  })
  try {
    expect(await program.ended()).toBe(0)
    expect(program.output).toBe('kid\n\nkid\n')
  } finally {
    await program.kill()
  }
})

test.each(['of two words', '"quoted" \\'])(
  'a preload in the folder %j is found by NODE_OPTIONS',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), name))
    onTestFinished(() => rm(folder, { recursive: true }))
    const preload = join(folder, 'preload.cjs')
    await writeFile(preload, 'console.log("loaded")')
    const env = { NODE_OPTIONS: withPreload('--no-warnings', preload) }
    const { stdout, stderr } = spawnSync(process.execPath, ['--eval', ''], { env, encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: 'loaded\n', stderr: '' })
  },
)

/** A Worker that loads register: how its connection to Discord fails, by the proxy or at this host. */
async function failureInWorker(): Promise<unknown> {
  const code = `
    const lookup = (_host, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }])
    require('node:net').connect({ host: 'discord.com', port: 9, lookup }).on('error', ({ code }) => {
      require('node:worker_threads').parentPort.postMessage(code)
    })`
  const worker = new workerThreads.Worker(code, {
    eval: true,
    execArgv: [`--require=${built.register.require}`],
  })
  const [failure] = (await once(worker, 'message')) as unknown[]
  await worker.terminate()
  return failure
}

test('after stop() no Worker has the proxy, not even one that loads register', async () => {
  const { proxy } = await startLab()
  const path = createRequire(join(built.folder, 'package.json')).resolve('discord-transport')
  const { createDiscordTransport: create } = (await import(pathToFileURL(path).href)) as {
    readonly createDiscordTransport: typeof createDiscordTransport
  }
  const transport = create({ proxy: proxy.url, env: {}, keepWarm: false })
  const installed = transport.install({ children: true })
  expect(await failureInWorker()).toBe('ERR_TARGET_UNREACHABLE')
  installed.stop()
  expect(await failureInWorker()).toBe('ECONNREFUSED')
  await transport.close()
})

test.each<[string, TransportOptions, InstallOptions]>([
  ['proxy', { proxy: ['http://127.0.0.1:9', 'http://127.0.0.1:10'] }, {}],
  ['noProxy', { noProxy: ['a.example'] }, {}],
  ['noProxy', {}, { noProxy: ['a.example'] }],
  ['bypassPolicy', {}, { bypassPolicy: () => false }],
  ['proxyAuthorization', { proxyAuthorization: () => 'Basic eDp5' }, {}],
  ['onEvent', { onEvent: () => undefined }, {}],
  ['tls.servername', { tls: { servername: 'a.example' } }, {}],
])(
  'children: true refuses what no variable can carry, and names it: %s',
  async (name, options, installed) => {
    const transport = createDiscordTransport({ proxy: 'http://127.0.0.1:9', env: {}, ...options })
    expect(refusalOf(() => transport.install({ children: true, ...installed }))).toContain(name)
    using allowed = transport.install(installed)
    expect(allowed.active).toBe(true)
    await transport.close()
  },
)

test('certificates in memory are refused as well', async () => {
  const { certificate } = await labAuthority()
  const transport = createDiscordTransport({
    proxy: 'http://127.0.0.1:9',
    env: {},
    tls: { ca: certificate },
    proxyTls: { ca: certificate },
  })
  const message = refusalOf(() => transport.install({ children: true }))
  expect(message).toContain('tls.ca')
  expect(message).toContain('proxyTls.ca')
  await transport.close()
})

function refusalOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof TransportError && error.code === 'ERR_INVALID_OPTIONS') return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}
