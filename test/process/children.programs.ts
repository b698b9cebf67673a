import { beforeAll, describe, expect, test } from 'vitest'
import {
  createDiscordTransport,
  TransportError,
  type InstallOptions,
  type TransportOptions,
} from '../../src/index.js'
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

/** A child: asks Discord, and reports what it connected to, by whichever way it has to its parent. */
const KID = `
(async () => {
  ${BELOW}
  const { parentPort } = require('node:worker_threads')
  const { status } = await fetch('https://discord.com/api/v10/gateway')
  const report = JSON.stringify({ status, ...below() })
  if (parentPort) parentPort.postMessage(report)
  else if (process.send) process.send(report, () => process.disconnect())
  else console.log(report)
})()
`

/** Starts the child by each way, or by some of them; each has the child's report. */
const waysProgram = (chosen: readonly string[] | undefined): string => `
import { execFileSync, exec, fork, spawn, spawnSync } from 'node:child_process'
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
  'spawn of a shell': () => text(spawn('sh', ['-c', '"$0" "$1"', process.execPath, kid]).stdout),
  exec: () => text(exec('"' + process.execPath + '" "' + kid + '"').stdout),
  execFileSync: () => execFileSync(process.execPath, [kid], { env: {} }),
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
createDiscordTransport({ proxy: process.env.LAB_PROXY, tls: { caFile: 'ca.pem' } }).install({ children: true })
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
          : { DISCORD_TRANSPORT_CA_FILE: 'ca.pem' }),
      },
    })
    try {
      expect(await program.ended(), program.output).toBe(0)
      const { reports, unchanged } = JSON.parse(program.output) as {
        readonly reports: Readonly<Record<string, unknown>>
        readonly unchanged: boolean
      }
      const expected = { status: 200, lookups: 0, connections: [`${proxy.host}:${proxy.port}`] }
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
