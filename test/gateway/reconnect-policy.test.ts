import { expect, it, onTestFinished, vi } from 'vitest'
import { TransportError } from '../../src/index.js'
import {
  failed as failure,
  leaving,
  socketEnded,
  unreadable,
  type Disconnect,
} from '../../src/gateway/disconnect.js'
import { ReconnectPolicy, type KnownSession } from '../../src/gateway/reconnect-policy.js'
import { parseGatewayOptions } from '../../src/gateway/options/parse.js'

const via = { proxy: null, target: 'gateway.discord.gg:443' }
const session: KnownSession = { resumeUrl: 'wss://resume.discord.gg', sequence: 7 }
const lost = socketEnded({ kind: 'lost' }, via)

function createPolicy(): ReconnectPolicy {
  return new ReconnectPolicy(parseGatewayOptions({ token: 'a', intents: 0 }, {}), () => 1)
}

function failed(code: 'ERR_PROXY_AUTH' | 'ERR_TRANSPORT_CLOSED'): Disconnect {
  const error = new TransportError('No.', { code, phase: 'tunnel', hint: '', retryable: false })
  return failure('connect-failed', error)
}

it('a lost connection is resumed at once, and later as the back-off says', () => {
  const policy = createPolicy()
  policy.ready()
  const steps = [0, 1, 2].map(() => policy.after(lost, session, 'ready'))
  expect(steps).toMatchObject([
    { kind: 'reconnect', resume: true, delayMs: 0, attempt: 1 },
    { resume: true, delayMs: 1_000, attempt: 2 },
    { resume: true, delayMs: 2_000, attempt: 3 },
  ])
})

it('without a session there is nothing to resume', () => {
  expect(createPolicy().after(lost, undefined, 'identifying')).toMatchObject({ resume: false })
})

it('what the user asks for goes at once and counts as no failure', () => {
  const policy = createPolicy()
  const wanted = leaving('proxy-change', 'the proxy was changed', 'resume')
  for (const after of [wanted, wanted])
    expect(policy.after(after, session, 'ready')).toMatchObject({ delayMs: 0, attempt: 1 })
  expect(policy.after(lost, session, 'connecting')).toMatchObject({ delayMs: 0, attempt: 1 })
})

it('what Discord asks to wait for is waited for, also where the back-off would go at once', () => {
  const policy = createPolicy()
  const invalid = { ...leaving('invalid-session', 'invalid', 'identify'), waitMs: 4_000 }
  const next = policy.after(invalid, session, 'resuming')
  expect(next).toMatchObject({ resume: false })
  // The sum of a time and 4 000 may be rounded up.
  expect([4_000, 4_001]).toContain(next.kind === 'reconnect' && next.delayMs)
})

it('a configuration that never worked is given up, one that did is tried for ever', () => {
  const never = createPolicy()
  expect(never.after(failed('ERR_PROXY_AUTH'), undefined, 'connecting')).toMatchObject({ kind: 'give up' })
  const worked = createPolicy()
  worked.ready()
  expect(worked.after(failed('ERR_PROXY_AUTH'), undefined, 'connecting')).toMatchObject({ kind: 'reconnect' })
  expect(worked.after(failed('ERR_TRANSPORT_CLOSED'), session, 'ready')).toMatchObject({ kind: 'give up' })
})

it('a session that was given is not given up before the default URL was tried too', () => {
  const policy = createPolicy()
  const urls = []
  for (let attempt = 0; attempt < 2; attempt += 1) {
    urls.push(policy.resumeUrl(session, undefined))
    expect(policy.after(failed('ERR_PROXY_AUTH'), session, 'connecting')).toMatchObject({ kind: 'reconnect' })
  }
  urls.push(policy.resumeUrl(session, undefined))
  expect(policy.after(failed('ERR_PROXY_AUTH'), session, 'connecting')).toMatchObject({ kind: 'give up' })
  expect(urls).toEqual([session.resumeUrl, session.resumeUrl, 'wss://gateway.discord.gg/'])
})

it('a stream that breaks three times after the same event costs the session, after different ones not', () => {
  const policy = createPolicy()
  const broken = unreadable(new Error('too large'))
  const resumes = [7, 7, 8, 8, 8].map((sequence) =>
    policy.after(broken, { ...session, sequence }, 'resuming'),
  )
  expect(resumes.map((step) => step.kind === 'reconnect' && step.resume)).toEqual([
    true,
    true,
    true,
    true,
    false,
  ])
})

it('what Discord asks to wait for is waited for although the user reconnects meanwhile, but a resume is not', () => {
  const policy = createPolicy()
  const invalid = { ...leaving('invalid-session', 'invalid', 'identify'), waitMs: 60_000 }
  policy.after(invalid, session, 'ready')
  const moved = leaving('proxy-change', 'the proxy was changed', 'resume')
  const next = policy.after(moved, undefined, 'waiting')
  expect(next).toMatchObject({ resume: false })
  expect(next.kind === 'reconnect' && next.delayMs).toBeGreaterThan(59_000)
  expect(policy.after(moved, session, 'ready')).toMatchObject({ resume: true, delayMs: 0 })
})

it('more attempts in a row than maxReconnectAttempts are given up', () => {
  const options = parseGatewayOptions({ token: 'a', intents: 0, maxReconnectAttempts: 2 }, {})
  const policy = new ReconnectPolicy(options, () => 1)
  const kinds = [1, 2, 3].map(() => policy.after(lost, session, 'connecting').kind)
  expect(kinds).toEqual(['reconnect', 'reconnect', 'give up'])
})

it('a session is resumed at its own URL each time, however often it was resumed before', () => {
  const policy = createPolicy()
  for (let resumes = 0; resumes < 5; resumes += 1) {
    expect(policy.resumeUrl(session, undefined)).toBe(session.resumeUrl)
    policy.ready()
  }
})

it('a connection that held for a second was no failure, and one that breaks at once was', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const policy = createPolicy()
  const brokenAfter = (ms: number) => {
    policy.ready()
    vi.advanceTimersByTime(ms)
    return policy.after(lost, session, 'ready')
  }
  for (const ms of [1_000, 60_000, 300_000]) expect(brokenAfter(ms)).toMatchObject({ delayMs: 0, attempt: 1 })
  expect(brokenAfter(999)).toMatchObject({ delayMs: 1_000, attempt: 2 })
})
