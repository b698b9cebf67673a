import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import http, { type IncomingMessage, type RequestListener } from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { installNode, NODE_LINES } from '../../scripts/nodes/install-node.js'
import { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy } from '../lab/proxy/index.js'
import { labAuthority } from '../lab/certificates.js'
import { everyValue, FULL } from '../support/matrix.js'
import { builtPackage } from '../support/processes/built-package.js'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('every-surface.mjs', import.meta.url))

/** What the program says of one way to connect. */
interface Result {
  /** The host that the server was asked for, or the code of the error. */
  readonly outcome: string
  /** Connections and lookups of the process, below all hooks. */
  readonly asked: readonly string[]
}

interface Report {
  readonly results: Readonly<Record<string, Result>>
  readonly replaced: readonly string[]
  readonly same: boolean
  readonly restored: Readonly<Record<string, boolean>>
  readonly afterStop: readonly string[]
}

const servers: Server[] = []
const names = new LabNames()
let proxy: LabProxy
let directory = ''
let loopback = ''
let ca = ''

beforeAll(async () => {
  const authority = await labAuthority()
  ca = authority.certificate
  directory = await mkdtemp(join(tmpdir(), 'discord-transport-surfaces-'))
  await writeFile(join(directory, 'ca.pem'), ca)
  const { cert, key } = await authority.issue(['discord.com', 'gateway.discord.gg'])
  const answer = ({ headers }: { headers: NodeJS.Dict<string | string[]> }): string =>
    JSON.stringify({ host: String(headers['host'] ?? headers[':authority']).replace(/:(?:80|443)$/, '') })
  const listener: RequestListener = (request, response) => {
    request.resume().once('end', () => {
      response.setHeader('content-type', 'application/json').end(answer(request))
    })
  }
  const secure = http2.createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
    request.resume().once('end', () => {
      response.setHeader('content-type', 'application/json')
      response.end(answer(request))
    })
  })
  const plain = http.createServer(listener)
  const h2c = http2.createServer((request, response) => void response.end(answer(request)))
  const webSockets = new WebSocketServer({ noServer: true })
  for (const server of [secure, plain]) {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      webSockets.handleUpgrade(request, socket, head, (client) => client.send(answer(request)))
    })
  }
  for (const server of [secure, plain, h2c]) {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    servers.push(server)
  }
  const [securePort = 0, plainPort = 0, h2cPort = 0] = servers.map(
    (server) => (server.address() as AddressInfo).port,
  )
  for (const host of ['discord.com', 'gateway.discord.gg']) {
    names.add(host, 443, { host: '127.0.0.1', port: securePort })
    names.add(host, 80, { host: '127.0.0.1', port: plainPort })
  }
  names.add('h2c.discord.com', 80, { host: '127.0.0.1', port: h2cPort })
  loopback = `http://127.0.0.1:${plainPort}/`
  proxy = await startProxy({ scheme: 'http', names })
})

afterAll(async () => {
  await proxy.close()
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  await rm(directory, { recursive: true })
})

/** The package as it is built, or as `npm run test:nodes` has installed it. */
async function packageFile(): Promise<string> {
  const project = process.env['SUBJECT_DIRECTORY']
  const file = process.env['SUBJECT_FORM'] === 'require' ? 'index.cjs' : 'index.js'
  if (project !== undefined) return join(project, 'node_modules/discord-transport/dist', file)
  return join((await builtPackage()).folder, 'index.mjs')
}

async function report(line: string, order: string, options: object): Promise<Report> {
  const { path } = await installNode(line)
  const { stdout } = await run(path, [PROGRAM], {
    env: {
      PATH: process.env['PATH'],
      PACKAGE: await packageFile(),
      PROXY: proxy.url,
      NODE_EXTRA_CA_CERTS: join(directory, 'ca.pem'),
      CA: ca,
      LOOPBACK: loopback,
      ORDER: order,
      OPTIONS: JSON.stringify(options),
    },
    timeout: 60_000,
  })
  return JSON.parse(stdout) as Report
}

/** What a way to connect answers, where that is not `discord.com`. */
const OUTCOMES: readonly (readonly [name: RegExp, outcome: string])[] = [
  [/new net.Socket/, 'ERR_ROUTE_REFUSED'],
  [/past the proxy/, 'ERR_ROUTE_REFUSED'],
  [/none of Node/, 'ERR_ROUTE_REFUSED'],
  [/dead proxy/, 'ERR_TARGET_UNREACHABLE'],
  [/ws|WebSocket/, 'gateway.discord.gg'],
  [/of http:$/, 'discord.com'],
]

function expectedOutcome(name: string): string {
  if (name === 'http2.connect of http:') return 'h2c.discord.com'
  if (name.includes('loopback')) return new URL(loopback).host
  return OUTCOMES.find(([pattern]) => pattern.test(name))?.[1] ?? 'discord.com'
}

// `npm run test:nodes` runs this file by each line of Node.
const OWN_LINE = process.versions.node.split('.')[0] ?? ''
const LINES = FULL && process.env['SUBJECT_DIRECTORY'] === undefined ? NODE_LINES : [OWN_LINE]

describe.each(
  everyValue({ line: LINES, order: ['before', 'after'] as const, scope: ['discord', 'all'] as const }),
)('on Node $line, undici loaded $order install(), scope $scope', ({ line, order, scope }) => {
  test('every way to connect takes the proxy, and no name is looked up', async () => {
    const { results, replaced, same, restored, afterStop } = await report(line, order, { scope })
    const toProxy = `${proxy.host}:${proxy.port}`
    for (const [name, { outcome, asked }] of Object.entries(results)) {
      expect.soft(outcome, name).toBe(expectedOutcome(name))
      const allowed = name.includes('loopback') ? new URL(loopback).host : toProxy
      expect
        .soft(
          asked.filter((address) => address !== allowed),
          name,
        )
        .toEqual([])
    }
    expect(Object.keys(results).length).toBeGreaterThan(60)
    expect({ replaced, same, restored }).toEqual({
      replaced: [],
      same: true,
      restored: { fetch: true, get: true },
    })
    expect(afterStop).toEqual(['GETADDRINFOREQWRAP'])
  }, 90_000)
})
