/** Cells of docs/comparison.md, for the packages that this repository has. */
import { once } from 'node:events'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { SocksProxyAgent } from 'socks-proxy-agent'
import { fetch as undiciFetch, ProxyAgent } from 'undici'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { startLab, type Lab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'
import { readPages } from './code-blocks.js'

const page = (await readPages()).find(({ path }) => path === 'docs/comparison.md')?.text ?? ''

const API = 'https://discord.com/api/v10/gateway'
const GATEWAY = 'wss://gateway.discord.gg/?v=10&encoding=json'

/** The marks of a row: ours, those of the agents for HTTP, those for SOCKS. */
function row(name: string): readonly string[] {
  const line = page.split('\n').find((one) => one.startsWith(`| ${name} `))
  if (line === undefined) throw new Error(`docs/comparison.md has no row ${name}`)
  return line
    .split('|')
    .slice(2, 5)
    .map((cell) => cell.trim())
}

const mark = (does: boolean): string => (does ? '✔' : '✘')

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return work.then(
    () => true,
    () => false,
  )
}

async function gateway(lab: Lab, agent: HttpsProxyAgent<string> | SocksProxyAgent): Promise<boolean> {
  const socket = new WebSocket(GATEWAY, { agent, ca: lab.discord.ca })
  onTestFinished(() => socket.terminate())
  socket.on('error', () => undefined)
  return succeeds(once(socket, 'open'))
}

function ourGateway(lab: Lab): Promise<boolean> {
  const socket = lab.transport.createWebSocket(GATEWAY)
  onTestFinished(() => socket.terminate())
  socket.on('error', () => undefined)
  return succeeds(once(socket, 'open'))
}

function undiciThrough(lab: Lab, url: string): Promise<unknown> {
  const dispatcher = new ProxyAgent({ uri: url, requestTls: { ca: lab.discord.ca } })
  onTestFinished(() => dispatcher.destroy())
  return undiciFetch(API, { dispatcher }).then((response) => response.text())
}

describe('docs/comparison.md', () => {
  test('the gateway by ws', async () => {
    const http = await startLab()
    const socks = await startLab({ scheme: 'socks5' })
    const [ours, agent] = row('the gateway by `ws`')
    expect(ours).toBe(mark((await ourGateway(http)) && (await ourGateway(socks))))
    expect(agent).toBe(mark(await gateway(http, new HttpsProxyAgent(http.proxy.url))))
  })

  test('socks5:// names resolved at the proxy', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    LocalDns.install()
    const [ours, , socks] = row('`socks5://` names resolved at the proxy, gateway and REST')
    expect(ours).toBe(mark((await ourGateway(lab)) && (await succeeds(lab.transport.fetch(API)))))
    expect(socks).toBe(mark(await gateway(lab, new SocksProxyAgent(lab.proxy.url))))
  })

  test('a 403 of the proxy', async () => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    const words = (error: unknown): string => (error instanceof Error ? error.message : '')
    const [ours, agent] = row("a proxy's 403 is told from Discord's")
    const ourWords = await lab.transport.fetch(API).then(() => '', words)
    expect(ours).toBe(mark(ourWords.includes('The proxy') && ourWords.includes('403')))
    const socket = new WebSocket(GATEWAY, { agent: new HttpsProxyAgent(lab.proxy.url) })
    const [error] = (await once(socket, 'error')) as [Error]
    expect(agent).toBe(mark(error.message.includes('proxy')))
  })

  test('a user name without a password', async () => {
    const lab = await startLab({ auth: { username: 'token', password: '' } })
    const url = lab.proxy.urlWithoutCredentials.replace('://', '://token@')
    const transport = lab.createTransport({ proxy: url })
    const [ours, agent] = row('a user name without a password')
    expect(ours).toBe(mark(await succeeds(transport.fetch(API))))
    expect(agent).toBe(mark(await succeeds(undiciThrough(lab, url))))
  })

  test('every row has a mark for this library', () => {
    const rows = page.split('\n').filter((line) => /^\| (?!what|-)/.test(line))
    expect(rows.length).toBeGreaterThan(10)
    for (const line of rows) expect(line.split('|')[2]?.trim(), line).toBe('✔')
  })
})
