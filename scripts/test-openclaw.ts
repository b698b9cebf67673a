/**
 * `npm run test:openclaw`: the suite of test/openclaw against a real gateway.
 *
 *     npm run test:openclaw [-- FOLDER]
 *
 * Installs the newest OpenClaw and Node 24 into a folder (600 MB; default: one in the temporary directory, which is kept
 * for the next time), and starts a gateway with a home of its own and a model in this process that answers with an echo.
 * Needs Linux or macOS and the npm registry. It is no part of `npm test`. A test asks this process to end the gateway by
 * SIGTERM and to start it again: `POST OPENCLAW_TEST_CONTROL` answers when it is up.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { access, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { startEchoModel } from '../test/lab/openclaw/echo-model.js'
import { freePort } from '../test/support/free-port.js'
import { installNode } from './nodes/install-node.js'

const START_MS = 180_000

const folder = process.argv[2] ?? join(tmpdir(), 'discord-transport-openclaw')
// Beside OpenClaw, and not where the other tests keep their Nodes.
process.env['XDG_CACHE_HOME'] = join(folder, 'cache')
const node = await installNode('24')
console.log(`Node ${node.version}`)
const entry = await installOpenClaw()
const home = await mkdtemp(join(folder, 'home-'))
const model = await startEchoModel()
const port = await freePort()
const token = randomUUID()
const control = createServer((_request, response) => {
  restart().then(
    () => response.end(),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
let gateway: ChildProcess | undefined
try {
  gateway = await startGateway()
  control.listen(0, '127.0.0.1')
  await once(control, 'listening')
  // One file after the other: a restart is not for the tests of the other file.
  const files = ['test/openclaw/suite.test.ts', 'test/openclaw/restarts.programs.ts', '--no-file-parallelism']
  const tests = spawn('npx', ['vitest', 'run', ...files, '--reporter=verbose'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      OPENCLAW_TEST_URL: `ws://127.0.0.1:${port}`,
      OPENCLAW_TEST_TOKEN: token,
      OPENCLAW_TEST_CONTROL: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    },
  })
  const [code] = (await once(tests, 'close')) as [number | null]
  process.exitCode = code ?? 1
} finally {
  control.close()
  await stopGateway()
  await model.close()
  await rm(home, { recursive: true, force: true })
}

async function restart(): Promise<void> {
  await stopGateway()
  gateway = await startGateway()
}

async function stopGateway(): Promise<void> {
  if (gateway?.exitCode !== null) return
  gateway.kill('SIGTERM')
  await Promise.race([once(gateway, 'close'), sleep(15_000)])
  gateway.kill('SIGKILL')
}

/** Its postinstall and its optional packages are not needed for a gateway. */
async function installOpenClaw(): Promise<string> {
  const project = join(folder, 'openclaw')
  const path = join(project, 'node_modules/openclaw/openclaw.mjs')
  if (await exists(path)) return path
  console.log('installing OpenClaw: 600 MB')
  await mkdir(project, { recursive: true })
  await writeFile(join(project, 'package.json'), '{ "private": true }\n')
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional']
  const npm = spawn('npm', ['install', 'openclaw@latest', ...options], { cwd: project, stdio: 'inherit' })
  const [code] = (await once(npm, 'close')) as [number | null]
  if (code !== 0) throw new Error(`npm ended with ${code ?? 'a signal'}`)
  return path
}

async function startGateway(): Promise<ChildProcess> {
  await writeFile(join(home, 'openclaw.json'), JSON.stringify(configuration()))
  const child = spawn(
    node.path,
    [
      entry,
      'gateway',
      'run',
      '--allow-unconfigured',
      '--port',
      String(port),
      '--bind',
      'loopback',
      '--auth',
      'token',
      '--token',
      token,
    ],
    {
      cwd: home,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        OPENCLAW_STATE_DIR: home,
        OPENCLAW_SKIP_BONJOUR: '1',
        NO_COLOR: '1',
      },
    },
  )
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)))
  const until = performance.now() + START_MS
  while (!(await isReady())) {
    if (child.exitCode !== null || performance.now() > until) {
      child.kill('SIGKILL')
      throw new Error(`the gateway did not start:\n${log.replaceAll(token, '***')}`)
    }
    await sleep(500)
  }
  return child
}

async function isReady(): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )
}

function configuration(): object {
  const echo = {
    id: 'echo-1',
    name: 'Echo',
    reasoning: false,
    input: ['text'],
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 128_000,
    maxTokens: 4_096,
  }
  const provider = { baseUrl: model.url, apiKey: 'none', api: 'openai-completions', models: [echo] }
  return {
    models: { mode: 'merge', providers: { echo: provider } },
    agents: { defaults: { model: { primary: 'echo/echo-1' }, heartbeat: { every: '0m' } } },
    env: { vars: { OF_THE_TEST: 'a-secret-value' } },
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
