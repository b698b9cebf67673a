/**
 * `npm run test:openclaw`: the suite of test/openclaw against a real gateway.
 *
 *     npm run test:openclaw [-- FOLDER]
 *
 * Installs the newest OpenClaw and Node 24 into a folder (600 MB; default: one in the temporary directory, which is kept
 * for the next time), and starts a gateway with a home of its own and a model in this process that answers with an echo.
 * Needs Linux or macOS and the npm registry. It is no part of `npm test`. Tests ask this process by `POST` to
 * OPENCLAW_TEST_CONTROL: `/restart` ends the gateway by SIGTERM and answers when it is up again, `/secured` starts another
 * one with TLS and a password, `/run` runs the command `openclaw` with the arguments of its body.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import process from 'node:process'
import { json } from 'node:stream/consumers'
import { startEchoModel } from '../test/lab/openclaw/echo-model.js'
import { installNode } from './nodes/install-node.js'
import { RealGateway } from './openclaw-gateway.js'

const folder = process.argv[2] ?? join(tmpdir(), 'discord-transport-openclaw')
// Beside OpenClaw, and not where the other tests keep their Nodes.
process.env['XDG_CACHE_HOME'] = join(folder, 'cache')
const node = await installNode('24')
console.log(`Node ${node.version}`)
const entry = await installOpenClaw()
const model = await startEchoModel()
const token = randomUUID()
const password = randomUUID()
const gateways: RealGateway[] = []
const installation = { node: node.path, entry, folder, modelUrl: model.url }
const control = createServer((request, response) => {
  answer(request).then(
    (value) => response.end(JSON.stringify(value ?? null)),
    (error: unknown) => response.writeHead(500).end(String(error)),
  )
})
try {
  const gateway = await start('ws', { auth: { mode: 'token', token } })
  control.listen(0, '127.0.0.1')
  await once(control, 'listening')
  const { port } = control.address() as AddressInfo
  const files = ['suite.test', 'devices.test', 'secured.test', 'restarts.programs']
  // One file after the other: a restart is not for the tests of another file.
  const options = [...files.map((name) => `test/openclaw/${name}.ts`), '--no-file-parallelism']
  const tests = spawn('npx', ['vitest', 'run', ...options, '--reporter=verbose'], {
    stdio: 'inherit',
    env: {
      ...process.env,
      OPENCLAW_TEST_URL: gateway.url,
      OPENCLAW_TEST_TOKEN: token,
      OPENCLAW_TEST_CONTROL: `http://127.0.0.1:${port}`,
    },
  })
  const [code] = (await once(tests, 'close')) as [number | null]
  process.exitCode = code ?? 1
} finally {
  control.close()
  await Promise.all(gateways.map((gateway) => gateway.remove()))
  await model.close()
}

async function start(
  scheme: 'ws' | 'wss',
  settings: Readonly<Record<string, unknown>>,
): Promise<RealGateway> {
  const gateway = await RealGateway.start(installation, scheme, settings)
  gateways.push(gateway)
  return gateway
}

async function answer(request: IncomingMessage): Promise<unknown> {
  const [first] = gateways
  switch (request.url ?? '') {
    case '/restart':
      await first?.stop()
      return first?.run()
    case '/secured': {
      const auth = { mode: 'password', password }
      const { url } = await start('wss', { auth, tls: { enabled: true, autoGenerate: true } })
      return { url, password }
    }
    case '/run':
      return first?.command((await json(request)) as string[])
    default:
      throw new Error(`no such request: ${request.url ?? ''}`)
  }
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

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
