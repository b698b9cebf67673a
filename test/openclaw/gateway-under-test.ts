import { OpenClawGatewayClient } from '../../src/openclaw/index.js'
import { FakeGateway } from '../lab/openclaw/fake-gateway.js'
import { selfSignedCertificate } from '../lab/certificates.js'

/** A gateway that the suite runs against: the fake of the lab, or a real one. */
export interface GatewayUnderTest {
  readonly url: string
  readonly token: string
  /** Milliseconds that an answer of the model may take. */
  readonly patienceMs: number
  readonly isReal: boolean
  /** Runs `openclaw devices …` or another command where the gateway runs. @returns what it printed */
  readonly command: (line: string) => Promise<string>
  /** Resolves when it was asked for; a real gateway is back after 10 to 60 seconds. */
  readonly restart: (how: Restart) => Promise<void>
}

/** `gateway.restart.request`, or SIGTERM and another process. */
export type Restart = 'requested' | 'stopped and started'

/** Set by scripts/test-openclaw.ts. */
export const REAL_URL = process.env['OPENCLAW_TEST_URL']
const REAL_TOKEN = process.env['OPENCLAW_TEST_TOKEN'] ?? ''
const REAL_CONTROL = process.env['OPENCLAW_TEST_CONTROL'] ?? ''

export async function startGateway(): Promise<GatewayUnderTest & { readonly close: () => Promise<void> }> {
  if (REAL_URL !== undefined) {
    const close = (): Promise<void> => Promise.resolve()
    return {
      url: REAL_URL,
      token: REAL_TOKEN,
      patienceMs: 180_000,
      isReal: true,
      close,
      command: (line) => control('/run', line.split(' ').slice(1)).then(String),
      restart: restartReal,
    }
  }
  // A message asks for the time that its answer takes: "slow200" are 200 ms.
  const gateway = await FakeGateway.start({
    answer: (message, signal) =>
      new Promise((resolve, reject) => {
        const marked = /\[\[(.+?)\]\]/.exec(message)?.[1] ?? message
        const ms = Number(/slow(\d+)/.exec(message)?.[1] ?? 0)
        const timer = setTimeout(() => resolve(`Echo: ${marked}`), Math.min(ms, 200))
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason instanceof Error ? signal.reason : new Error('stopped'))
        })
      }),
    config: {
      gateway: { auth: { token: 'in-the-configuration' } },
      env: { vars: { NAME: 'a-secret-value' } },
    },
  })
  const { url, token } = gateway
  const restart = (): Promise<void> => gateway.restart({ downMs: 100, startingMs: 100 })
  const command = (line: string): Promise<string> => {
    const [, , verb, ...args] = line.split(' ')
    if (verb === 'approve') gateway.devices.approve(args[0] ?? '')
    else if (verb === 'revoke') gateway.revoke(args[1] ?? '')
    else throw new Error(`the fake gateway does not know ${line}`)
    return Promise.resolve('')
  }
  return { url, token, patienceMs: 20_000, isReal: false, close: () => gateway.stop(), command, restart }
}

/** A gateway with a certificate of its own and a password. */
export async function startSecuredGateway(): Promise<{
  readonly url: string
  readonly password: string
  readonly close: () => Promise<void>
}> {
  if (REAL_URL !== undefined) {
    const { url, password } = (await control('/secured')) as {
      readonly url: string
      readonly password: string
    }
    return { url, password, close: () => Promise.resolve() }
  }
  const tls = await selfSignedCertificate('openclaw-gateway')
  const gateway = await FakeGateway.start({ password: true, tls })
  return { url: gateway.url, password: gateway.token, close: () => gateway.stop() }
}

async function control(path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(REAL_CONTROL + path, { method: 'POST', body: JSON.stringify(body ?? null) })
  if (!response.ok) throw new Error(await response.text())
  return response.json()
}

async function restartReal(how: Restart): Promise<void> {
  if (how === 'stopped and started') {
    await control('/restart')
    return
  }
  const scopes = ['operator.read', 'operator.admin']
  const operator = new OpenClawGatewayClient({ url: REAL_URL ?? '', token: REAL_TOKEN, scopes, env: {} })
  await operator.connect({ timeoutMs: 60_000 })
  try {
    await operator.request('gateway.restart.request', { reason: 'a test' })
  } finally {
    await operator.disconnect()
  }
}
