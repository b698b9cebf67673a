/** Each heading of docs/faq.md that names a symptom: the symptom itself, and what the page says about it. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import https from 'node:https'
import { createServer } from 'node:net'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { runCommand } from '../cli/in-process.js'
import { writeTemporary } from '../support/temporary-file.js'
import { startLab, type Lab } from '../support/lab.js'
import { LocalDns } from '../support/local-dns.js'
import { readPages } from './code-blocks.js'
import { hasProgram } from './installed.js'

const page = (await readPages()).find(({ path }) => path === 'docs/faq.md')?.text ?? ''

const API = 'https://discord.com/api/v10/gateway'
const GATEWAY = 'wss://gateway.discord.gg/?v=10&encoding=json'

function section(heading: string): string {
  const text = page.split(`\n## ${heading}\n`)[1]
  if (text === undefined) throw new Error(`docs/faq.md has no heading ${heading}`)
  return text.split('\n## ')[0] ?? ''
}

async function doctor(lab: Lab, env: Readonly<Record<string, string>>): Promise<string> {
  const args = ['doctor', '--tls-ca-file', await writeTemporary('ca.pem', lab.discord.ca)]
  return (await runCommand(args, { env })).stdout
}

describe('docs/faq.md', () => {
  test('fetch failed: the gateway takes the proxy, REST goes around it', async () => {
    section('discord final reply failed: TypeError: fetch failed')
    const lab = await startLab()
    const socket = new WebSocket(GATEWAY, {
      agent: new HttpsProxyAgent(lab.proxy.url),
      ca: lab.discord.ca,
    })
    onTestFinished(() => socket.terminate())
    await once(socket, 'open')
    LocalDns.install()
    await expect(fetch(API)).rejects.toThrow('fetch failed')
    const { status } = await lab.transport.fetch(API)
    expect(status).toBe(200)
  })

  test('Request timeout: something is silent', async () => {
    expect(section('Request timeout')).toContain('ERR_PROXY_TIMEOUT')
    const sockets = new Set<{ destroy: () => void }>()
    const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
    const address = silent.address()
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0
    const failure = new Promise<Error>((resolve) => {
      const request = https.get({ host: '127.0.0.1', port, timeout: 200 })
      // As the scripts of guides have it.
      request.on('timeout', () => request.destroy(new Error('Request timeout')))
      request.on('error', resolve)
    })
    expect((await failure).message).toBe('Request timeout')
    const lab = await startLab({ fault: { kind: 'accept', verb: 'silence' } })
    const args = ['doctor', '--timeout-ms', '2000']
    const { stdout } = await runCommand(args, { env: { HTTPS_PROXY: lab.proxy.url } })
    expect(stdout).toContain('ERR_PROXY_TIMEOUT')
  })

  test('Failed to connect to Discord gateway: ws goes directly', async () => {
    expect(section('Failed to connect to Discord gateway')).toContain('ENOTFOUND gateway.discord.gg')
    const lab = await startLab()
    LocalDns.install()
    const direct = new WebSocket(GATEWAY)
    const [error] = (await once(direct, 'error')) as [Error]
    expect(`Failed to connect to Discord gateway: ${error.message}`).toContain('ENOTFOUND gateway.discord.gg')
    const ours = lab.transport.createWebSocket(GATEWAY)
    onTestFinished(() => ours.terminate())
    await once(ours, 'open')
  })

  test('curl works, the bot does not: curl reads HTTPS_PROXY', async () => {
    section('curl works, the bot does not')
    const lab = await startLab()
    if (hasProgram('curl')) {
      const env = { PATH: process.env['PATH'], HTTPS_PROXY: lab.proxy.url }
      const ca = await writeTemporary('ca.pem', lab.discord.ca)
      const answer = await new Promise<string>((resolve) => {
        execFile('curl', ['--silent', '--cacert', ca, API], { env }, (_error, stdout) => resolve(stdout))
      })
      expect(answer).toContain('wss://gateway.discord.gg')
    }
    const before = lab.proxy.connections.length
    process.env['HTTPS_PROXY'] = lab.proxy.url
    onTestFinished(() => {
      delete process.env['HTTPS_PROXY']
    })
    LocalDns.install()
    await expect(fetch(API)).rejects.toThrow('fetch failed')
    expect(lab.proxy.connections).toHaveLength(before)
    expect(await doctor(lab, { HTTPS_PROXY: lab.proxy.url })).toContain('All is well')
  })

  test('HTTP_PROXY is set, and nothing happens', async () => {
    section('HTTP_PROXY is set, and nothing happens')
    const env = { HTTP_PROXY: 'http://127.0.0.1:1' }
    const { stdout } = await runCommand(['explain', API], { env })
    expect(stdout).toContain('goes direct')
  })
})
