import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type LookupFunction, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { SocksProxyAgent } from 'socks-proxy-agent'
import { Agent, fetch as undiciFetch, ProxyAgent } from 'undici'
import { Client, GatewayIntentBits } from 'discord.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { createCertificateAuthority, type CertificateAuthority } from '../lab/certificates.js'
import { connectLabDirectly } from '../lab/discord/loopback.js'
import { startLab, type Lab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'
import { runCommand } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const API = 'https://discord.com/api/v10'
const GATEWAY = 'wss://gateway.discord.gg/?v=10&encoding=json'

interface Row {
  readonly symptom: string
  readonly client: string
  readonly command: string
  readonly shows: readonly string[]
}

/** The table of docs/troubleshooting.md. */
function readRows(): readonly Row[] {
  const text = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => /^\| (?!you see|-)/.test(line))
    .map((line) => {
      const [symptom = '', client = '', , run = '', shows = ''] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
      const quoted = (cell: string): string[] =>
        [...cell.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner ?? '')
      return {
        symptom: symptom.replaceAll('`', ''),
        client,
        command: quoted(run)[0] ?? '',
        shows: quoted(shows),
      }
    })
}

/** What a row needs: the symptom, and the environment in which its command is run. */
interface Produced {
  /** All that a user of that client would have seen. */
  readonly seen: string
  readonly env: Readonly<Record<string, string>>
  readonly args?: readonly string[]
}

/** Everything that an error and its causes say. */
function words(error: unknown): string {
  if (error instanceof AggregateError)
    return `${String(error)} ${codeOf(error)} ${error.errors.map(words).join(' ')}`
  if (!(error instanceof Error)) return String(error)
  return `${error.message} ${codeOf(error)} ${error.cause === undefined ? '' : words(error.cause)}`
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : ''
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    return words(error)
  }
  throw new Error('this should have failed')
}

async function fetchThrough(
  lab: Lab,
  uri: string,
  init: Parameters<typeof undiciFetch>[1] = {},
): Promise<unknown> {
  const dispatcher = new ProxyAgent({ uri, requestTls: { ca: lab.discord.ca } })
  onTestFinished(() => dispatcher.destroy())
  const response = await undiciFetch(`${API}/gateway`, { dispatcher, ...init })
  return response.text()
}

/** What `ws` says of a gateway connection: its error, or the code that it was closed with. */
async function gatewayBy(
  agent: HttpsProxyAgent<string> | SocksProxyAgent,
  options: { ca?: string; onOpen?: (socket: WebSocket) => void; giveUpMs?: number } = {},
): Promise<string> {
  const { ca, onOpen, giveUpMs = 5_000 } = options
  const socket = new WebSocket(GATEWAY, { agent, ...(ca === undefined ? {} : { ca }) })
  onTestFinished(() => socket.terminate())
  const said: string[] = []
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(['READY timeout', ...said].join(' ')), giveUpMs)
    socket.on('message', (data: Buffer) => {
      said.push(`op ${(JSON.parse(data.toString()) as { op: number }).op}`)
      if (said.length === 1) onOpen?.(socket)
    })
    socket.on('error', (error) => said.push(words(error)))
    socket.on('close', (code) => {
      clearTimeout(timer)
      resolve([...said, String(code)].join(' '))
    })
  })
}

const CONTENT_INTENTS =
  GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent

async function withToken(lab: Lab, seen: string): Promise<Produced> {
  const env = { HTTPS_PROXY: lab.proxy.url, DISCORD_BOT_TOKEN: lab.discord.token }
  return { seen, env, args: await trusting(lab) }
}

function identify(token: string, intents = 0): (socket: WebSocket) => void {
  const properties = { os: 'linux', browser: 'lab', device: 'lab' }
  return (socket) => socket.send(JSON.stringify({ op: 2, d: { token, intents, properties } }))
}

async function trusting(lab: Lab): Promise<readonly string[]> {
  return ['--tls-ca-file', await writeTemporary('discord.pem', lab.discord.ca)]
}

/** An authority that hands out its own certificate with each leaf, as inspecting proxies may. */
async function inspector(chain: boolean): Promise<CertificateAuthority> {
  const ca = await createCertificateAuthority('Corporate CA')
  if (!chain) return ca
  return {
    certificate: ca.certificate,
    async issue(names, options) {
      const { cert, key } = await ca.issue(names, options)
      return { cert: `${cert}\n${ca.certificate}`, key }
    },
  }
}

/** A port that takes no connection and refuses none: its queue is full, and the kernel drops what comes. */
async function blackHole(): Promise<number> {
  const code =
    "require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port) })"
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const sockets: Socket[] = []
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    const ended = once(child, 'close')
    child.kill('SIGKILL')
    await ended
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  child.kill('SIGSTOP')
  const port = Number(line)
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    sockets.push(socket)
    const full = await Promise.race([
      once(socket, 'connect').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 500)),
    ])
    if (full) return port
  }
}

/** Two addresses for a name: Node gives the first a quarter of a second, and nobody listens at the second. */
const twoAddresses: LookupFunction = (_host, _options, callback) => {
  callback(null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ])
}

async function inspected(chain: boolean): Promise<Produced> {
  const lab = await startLab({ discord: { ca: await inspector(chain) } })
  const seen = await gatewayBy(new HttpsProxyAgent(lab.proxy.url))
  return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: [] }
}

const PRODUCERS: Readonly<Record<string, () => Promise<Produced>>> = {
  'fetch failed, undici `fetch` and `ProxyAgent`': async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const seen = await failureOf(fetchThrough(lab, lab.proxy.url))
    return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'fetch failed, undici with `http://` for SOCKS': async () => {
    const lab = await startLab({ scheme: 'socks5', foreign: 'no acceptable method' })
    const url = `http://127.0.0.1:${lab.proxy.port}`
    const signal = AbortSignal.timeout(5_000)
    return {
      seen: await failureOf(fetchThrough(lab, url, { signal })),
      env: { HTTPS_PROXY: url },
      args: await trusting(lab),
    }
  },
  'ECONNREFUSED, `fetch` through the proxy': async () => {
    const lab = await startLab()
    await lab.proxy.close()
    const seen = await failureOf(fetchThrough(lab, lab.proxy.url))
    return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'ETIMEDOUT, `fetch` to a filtered address': async () => {
    const port = await blackHole()
    const dispatcher = new Agent({
      connect: { lookup: twoAddresses, autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 250 },
    })
    onTestFinished(() => dispatcher.destroy())
    const seen = await failureOf(undiciFetch(`http://filtered.example:${port}/`, { dispatcher }))
    return { seen, env: { HTTPS_PROXY: `http://127.0.0.1:${port}` }, args: ['--timeout-ms', '2000'] }
  },
  'ENOTFOUND, the global `fetch`': async () => {
    const lab = await startLab()
    LocalDns.install()
    const seen = await failureOf(fetch(`${API}/gateway`))
    return { seen, env: { HTTPS_PROXY: lab.proxy.url } }
  },
  'ENOTFOUND, `ws` and SocksProxyAgent': async () => {
    const lab = await startLab({ scheme: 'socks5' })
    LocalDns.install()
    const seen = await gatewayBy(new SocksProxyAgent(lab.proxy.url), { ca: lab.discord.ca })
    return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'ENOTFOUND, the name of the proxy': async () => {
    const lab = await startLab()
    LocalDns.install()
    const url = 'http://no-such-proxy.invalid:3128'
    return {
      seen: await failureOf(fetchThrough(lab, url)),
      env: { HTTPS_PROXY: url },
      args: ['--timeout-ms', '5000'],
    }
  },
  '1006, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab({ fault: { kind: 'cut-after', bytes: 100 } })
    const seen = await gatewayBy(new HttpsProxyAgent(lab.proxy.url), { ca: lab.discord.ca })
    return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'Unexpected server response: 403, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const seen = await gatewayBy(new HttpsProxyAgent(lab.proxy.url), { ca: lab.discord.ca })
    return { seen, env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'Unexpected server response: 407, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab({ auth: { username: 'bot', password: 'hunter2' } })
    const url = lab.proxy.urlWithoutCredentials
    const seen = await gatewayBy(new HttpsProxyAgent(url), { ca: lab.discord.ca })
    return { seen, env: { HTTPS_PROXY: url }, args: await trusting(lab) }
  },
  '[object FormData], undici `fetch`, global FormData': async () => {
    const lab = await startLab()
    const body = new FormData()
    body.set('files[0]', new Blob(['picture']), 'a.png')
    const dispatcher = new ProxyAgent({ uri: lab.proxy.url, requestTls: { ca: lab.discord.ca } })
    onTestFinished(() => dispatcher.destroy())
    // The types of undici refuse what JavaScript lets through.
    const init = { method: 'POST', headers: lab.headers, dispatcher }
    Object.assign(init, { body })
    await undiciFetch(`${API}/channels/${lab.discord.channelId}/messages`, init)
    const { rawBody } = await lab.discord.rest.waitForRequest('POST /channels/*/messages')
    return { seen: String(rawBody), env: { HTTPS_PROXY: lab.proxy.url }, args: await trusting(lab) }
  },
  'self-signed certificate in certificate chain, `ws` and HttpsProxyAgent': () => inspected(true),
  'unable to verify the first certificate, `ws` and HttpsProxyAgent': () => inspected(false),
  'READY timeout, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab()
    const { gateway, token, ca } = lab.discord
    // HELLO is on its way when a connection is known; nothing follows it.
    void (async () => {
      for (let nth = 1; nth <= 2; nth++) (await gateway.waitForConnection({ nth })).freeze()
    })()
    const seen = await gatewayBy(new HttpsProxyAgent(lab.proxy.url), {
      ca,
      onOpen: identify(token),
      giveUpMs: 1_000,
    })
    expect(seen).toContain('op 10')
    return {
      seen,
      env: { HTTPS_PROXY: lab.proxy.url, DISCORD_BOT_TOKEN: token },
      args: [...(await trusting(lab)), '--timeout-ms', '3000'],
    }
  },
  '4004, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab()
    const wrong = 'not.the.token'
    const agent = new HttpsProxyAgent(lab.proxy.url)
    const seen = await gatewayBy(agent, { ca: lab.discord.ca, onOpen: identify(wrong) })
    return {
      seen,
      env: { HTTPS_PROXY: lab.proxy.url, DISCORD_BOT_TOKEN: wrong },
      args: await trusting(lab),
    }
  },
  '4014, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab()
    lab.discord.gateway.rules.disallowedIntents = GatewayIntentBits.MessageContent
    const onOpen = identify(lab.discord.token, CONTENT_INTENTS)
    const seen = await gatewayBy(new HttpsProxyAgent(lab.proxy.url), { ca: lab.discord.ca, onOpen })
    return withToken(lab, seen)
  },
  'Used disallowed intents, discord.js': async () => {
    const lab = await startLab()
    lab.discord.gateway.rules.disallowedIntents = GatewayIntentBits.MessageContent
    const direct = connectLabDirectly(lab.names, lab.discord.ca)
    onTestFinished(() => direct[Symbol.dispose]())
    const client = new Client({ intents: CONTENT_INTENTS })
    onTestFinished(() => client.destroy())
    const error = new Promise<unknown>((resolve) => {
      client.once('shardError', resolve)
      client.once('error', resolve)
    })
    const login = client.login(lab.discord.token)
    const seen = words(
      await Promise.race([
        error,
        login.then(
          () => error,
          (reason: unknown) => reason,
        ),
      ]),
    )
    return withToken(lab, seen)
  },
  'connected, but message content is empty, `ws` and HttpsProxyAgent': async () => {
    const lab = await startLab()
    const agent = new HttpsProxyAgent(lab.proxy.url)
    const socket = new WebSocket(GATEWAY, { agent, ca: lab.discord.ca })
    onTestFinished(() => socket.terminate())
    const content = await new Promise<string>((resolve, reject) => {
      socket.on('error', reject)
      socket.on('message', (data: Buffer) => {
        const { op, t, d } = JSON.parse(data.toString()) as { op: number; t?: string; d: { content: string } }
        if (op === 10)
          identify(lab.discord.token, CONTENT_INTENTS & ~GatewayIntentBits.MessageContent)(socket)
        if (t === 'READY') lab.discord.sayAs(lab.discord.human, 'hello')
        if (t === 'MESSAGE_CREATE') resolve(d.content)
      })
    })
    const seen = content === '' ? 'connected, but message content is empty' : content
    return withToken(lab, seen)
  },
  'direct although a proxy is set, HTTP_PROXY': async () => {
    const lab = await startLab()
    const env = { HTTP_PROXY: lab.proxy.url }
    const { stdout } = await runCommand(['explain', `${API}/gateway`], { env })
    const seen = stdout.includes('goes direct') ? 'direct although a proxy is set' : stdout
    return { seen, env, args: ['--timeout-ms', '2000'] }
  },
}

describe('docs/troubleshooting.md', () => {
  const rows = readRows()

  test('every row has a producer here, and every producer a row', () => {
    expect(rows.map(({ symptom, client }) => `${symptom}, ${client}`)).toEqual(Object.keys(PRODUCERS))
  })

  for (const { symptom, client, command: line, shows } of rows) {
    test(`${symptom}, ${client}: ${line} shows ${shows.join(', ')}`, async () => {
      const produced = await PRODUCERS[`${symptom}, ${client}`]?.()
      if (produced === undefined) throw new Error('nobody produces this row')
      expect(produced.seen).toContain(symptom)
      const [program, ...args] = line.split(' ')
      expect(program).toBe('discord-transport')
      expect(shows.length).toBeGreaterThan(0)
      const { stdout } = await runCommand([...args, ...(produced.args ?? [])], { env: produced.env })
      for (const part of shows) expect(stdout).toContain(part)
    })
  }
})
