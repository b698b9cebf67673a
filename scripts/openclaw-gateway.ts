import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../test/support/free-port.js'

const START_MS = 180_000

/** Where OpenClaw is installed, and the model that its agents ask. */
export interface Installation {
  /** The path of Node. */
  readonly node: string
  /** The path of openclaw.mjs. */
  readonly entry: string
  /** Homes of gateways are made here. */
  readonly folder: string
  readonly modelUrl: string
}

/** A real gateway of OpenClaw on this host, with a home of its own. */
export class RealGateway {
  readonly url: string
  readonly #installation: Installation
  readonly #home: string
  #process: ChildProcess | undefined

  private constructor(installation: Installation, home: string, url: string) {
    this.#installation = installation
    this.#home = home
    this.url = url
  }

  /** @param settings `gateway` of its configuration, beside the port */
  static async start(
    installation: Installation,
    scheme: 'ws' | 'wss',
    settings: Readonly<Record<string, unknown>>,
  ): Promise<RealGateway> {
    const home = await mkdtemp(join(installation.folder, 'home-'))
    const port = await freePort()
    const configured = configuration(installation.modelUrl, { mode: 'local', port, ...settings })
    await writeFile(join(home, 'openclaw.json'), JSON.stringify(configured), { mode: 0o600 })
    const gateway = new RealGateway(installation, home, `${scheme}://127.0.0.1:${port}`)
    await gateway.run()
    return gateway
  }

  /** Resolves when it is ready. */
  async run(): Promise<void> {
    const { node, entry } = this.#installation
    const args = [entry, 'gateway', 'run', '--allow-unconfigured', '--bind', 'loopback']
    const child = spawn(node, args, {
      cwd: this.#home,
      env: this.#env(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    let log = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-4_000)))
    const until = performance.now() + START_MS
    while (!(await isReady(this.url))) {
      if (child.exitCode !== null || performance.now() > until) {
        child.kill('SIGKILL')
        throw new Error(`the gateway did not start:\n${log}`)
      }
      await sleep(500)
    }
  }

  /** Ends it by SIGTERM. */
  async stop(): Promise<void> {
    const child = this.#process
    if (child?.exitCode !== null) return
    const closed = once(child, 'close')
    child.kill('SIGTERM')
    await Promise.race([closed, sleep(15_000)])
    child.kill('SIGKILL')
  }

  /** Runs `openclaw` with its home. @returns what it printed @throws Error with that, if it fails */
  command(args: readonly string[]): Promise<string> {
    const { node, entry } = this.#installation
    return new Promise((resolve, reject) => {
      execFile(node, [entry, ...args], { env: this.#env(), timeout: 120_000 }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(new Error(`openclaw ${args.join(' ')}: ${stdout}${stderr}`))
      })
    })
  }

  /** Ends it, and removes its home. */
  async remove(): Promise<void> {
    await this.stop()
    await rm(this.#home, { recursive: true, force: true })
  }

  #env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'] ?? '',
      HOME: this.#home,
      OPENCLAW_STATE_DIR: this.#home,
      OPENCLAW_SKIP_BONJOUR: '1',
      NO_COLOR: '1',
    }
  }
}

/** Its certificate is its own. */
function isReady(url: string): Promise<boolean> {
  const address = new URL('/readyz', url.replace(/^ws/, 'http'))
  if (address.protocol === 'http:')
    return fetch(address).then(
      ({ ok }) => ok,
      () => false,
    )
  return new Promise((resolve) => {
    const asked = request(address, { rejectUnauthorized: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}

function configuration(modelUrl: string, gateway: object): object {
  const echo = {
    id: 'echo-1',
    name: 'Echo',
    reasoning: false,
    input: ['text'],
    cost: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 },
    contextWindow: 128_000,
    maxTokens: 4_096,
  }
  const provider = { baseUrl: modelUrl, apiKey: 'none', api: 'openai-completions', models: [echo] }
  return {
    gateway,
    models: { mode: 'merge', providers: { echo: provider } },
    agents: { defaults: { model: { primary: 'echo/echo-1' }, heartbeat: { every: '0m' } } },
    env: { vars: { OF_THE_TEST: 'a-secret-value' } },
  }
}
