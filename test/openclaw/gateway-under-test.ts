import { FakeGateway } from '../lab/openclaw/fake-gateway.js'

/** A gateway that the suite runs against: the fake of the lab, or a real one. */
export interface GatewayUnderTest {
  readonly url: string
  readonly token: string
  /** Milliseconds that an answer of the model may take. */
  readonly patienceMs: number
  readonly isReal: boolean
}

/** Set by scripts/test-openclaw.ts. */
export const REAL_URL = process.env['OPENCLAW_TEST_URL']
const REAL_TOKEN = process.env['OPENCLAW_TEST_TOKEN'] ?? ''

export async function startGateway(): Promise<GatewayUnderTest & { readonly close: () => Promise<void> }> {
  if (REAL_URL !== undefined) {
    const close = (): Promise<void> => Promise.resolve()
    return { url: REAL_URL, token: REAL_TOKEN, patienceMs: 90_000, isReal: true, close }
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
  return { url, token, patienceMs: 10_000, isReal: false, close: () => gateway.stop() }
}
