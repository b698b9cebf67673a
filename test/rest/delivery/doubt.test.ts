import * as carbon14 from 'carbon-0-14'
import * as carbon15 from 'carbon-0-15'
import * as carbon16 from '@buape/carbon'
import { REST, Routes } from 'discord.js'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { ProxyRequestClient } from '../../../src/adapters/carbon/index.js'
import { TransportError, type TransportOptions } from '../../../src/index.js'
import { messagesUrl } from '../../cases/rest-requests.js'
import type { CannedAnswer } from '../../lab/discord/interceptors.js'
import { startLab, type Lab } from '../../support/lab.js'
import { post } from '../../support/say.js'

const DELIVERY = { attempts: 8, budgetMs: 15_000, minDelayMs: 1, maxDelayMs: 20, answerTimeoutMs: 5_000 }
const CREATE = 'POST /channels/:id/messages'

const LOST: CannedAnswer = { apply: true, cut: 'before-headers' }
const BAD_GATEWAY: CannedAnswer = { apply: true, status: 502 }

/** A rate limit in Discord's words: https://discord.com/developers/docs/topics/rate-limits */
function limited(seconds: number, headers: Record<string, string> = {}): CannedAnswer {
  return {
    status: 429,
    headers,
    json: { message: 'You are being rate limited.', retry_after: seconds, global: false },
  }
}

/** A lab whose Create Message is answered by these in turn, and then as usual. */
async function startWith(answers: readonly CannedAnswer[], transport: TransportOptions = {}): Promise<Lab> {
  const lab = await startLab({ transport: { delivery: DELIVERY, ...transport } })
  const left = [...answers]
  lab.discord.rest.intercept(CREATE, () => left.shift(), { times: answers.length })
  return lab
}

function contentsOf({ discord }: Lab): string[] {
  return discord.messages.in(discord.channelId).map(({ content }) => content)
}

/** The nonces that reached Discord, one for each request. */
function noncesOf({ discord }: Lab): unknown[] {
  return discord.rest.requests
    .filter(({ method, route }) => method === 'POST' && route.endsWith('/messages'))
    .map(({ json }) => (json as { nonce?: unknown }).nonce)
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.fail('it was not rejected'),
    (reason: unknown) => reason,
  )
}

const FILE = new Blob([Buffer.alloc(50_000, 7)])
const PATH = ({ discord }: Lab): `/${string}` => `/channels/${discord.channelId}/messages`

describe.each<[string, (lab: Lab) => Pick<carbon16.RequestClient, 'post'>]>([
  [
    '0.14, on the global fetch',
    ({ discord, transport }) => {
      vi.stubGlobal('fetch', transport.fetch)
      onTestFinished(() => void vi.unstubAllGlobals())
      return new carbon14.RequestClient(discord.token)
    },
  ],
  [
    '0.15',
    ({ discord, transport }) => transport.wrapRequestClient(new carbon15.RequestClient(discord.token)),
  ],
  [
    '0.16',
    ({ discord, transport }) => transport.wrapRequestClient(new carbon16.RequestClient(discord.token)),
  ],
  ['0.16 by the adapter', ({ discord, transport }) => new ProxyRequestClient(discord.token, { transport })],
])('Carbon %s', (_version, create) => {
  it.each([
    ['whose answer is lost', LOST],
    ['that is answered with 502', BAD_GATEWAY],
  ])('makes one message of a file message %s and whose repeat is rate limited', async (_how, first) => {
    const lab = await startWith([first, limited(0.01)])
    const sent = await create(lab).post(PATH(lab), {
      body: { content: 'one', files: [{ name: 'seven.bin', data: FILE }] },
    })
    expect(sent).toMatchObject({ content: 'one' })
    expect(contentsOf(lab)).toEqual(['one'])
    expect(new Set(noncesOf(lab)).size).toBe(1)
  })

  it('is told that a message is in doubt where the rate limit outlasts the budget', async () => {
    const lab = await startWith([LOST, limited(60)])
    const error = await rejection(create(lab).post(PATH(lab), { body: { content: 'in doubt' } }))
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(contentsOf(lab)).toEqual(['in doubt'])
  })

  it('repeats a message that was only rate limited by itself', async () => {
    const lab = await startWith([limited(0.01, { 'retry-after': '0' })])
    await create(lab).post(PATH(lab), { body: { content: 'later' } })
    expect(contentsOf(lab)).toEqual(['later'])
  })
})

describe('@discordjs/rest', () => {
  function createRest({ discord, transport }: Lab): REST {
    const rest = new REST({ makeRequest: transport.fetch, timeout: 300 }).setToken(discord.token)
    onTestFinished(() => {
      rest.clearHashSweeper()
      rest.clearHandlerSweeper()
    })
    return rest
  }

  it.each<[string, readonly CannedAnswer[]]>([
    ['an answer is lost', [LOST]],
    ['a 500', [{ apply: true, status: 500 }]],
    ['a 502', [BAD_GATEWAY]],
    ['a 520', [{ apply: true, status: 520 }]],
    ['its own timeout', [{ apply: true, stall: true }]],
    ['a 500 and a rate limit', [{ apply: true, status: 500 }, limited(0.01)]],
    ['two 500s', [{ apply: true, status: 500 }, { status: 500 }]],
  ])('repeats after %s, and it is one message', async (_how, answers) => {
    for (const files of [[], [{ name: 'seven.bin', data: Buffer.alloc(1_000, 7) }]]) {
      const lab = await startWith(answers)
      const body = { content: 'hi' }
      await createRest(lab).post(Routes.channelMessages(lab.discord.channelId), { body, files })
      expect(contentsOf(lab)).toEqual(['hi'])
      expect(new Set(noncesOf(lab)).size).toBe(1)
    }
  })

  it('sends two messages where its caller sends two of the same text', async () => {
    const lab = await startWith([
      { apply: true, status: 500 },
      { apply: true, status: 500 },
    ])
    const rest = createRest(lab)
    const send = () => rest.post(Routes.channelMessages(lab.discord.channelId), { body: { content: 'hi' } })
    await Promise.all([send(), send()])
    expect(contentsOf(lab)).toEqual(['hi', 'hi'])
  })

  it('does not reject with a rate limit what may have been carried out', async () => {
    const lab = await startWith([{ apply: true, status: 500 }, limited(60)])
    const error = await rejection(
      createRest(lab).post(Routes.channelMessages(lab.discord.channelId), { body: { content: 'hi' } }),
    )
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
  })
})

describe('what a caller of fetch sends anew is a new message', () => {
  it('after an identical one that timed out by the signal of its caller', async () => {
    const lab = await startWith([{ apply: true, stall: true }])
    const controller = new AbortController()
    const first = rejection(post(lab, 'Pong!', { signal: controller.signal }))
    await lab.discord.rest.waitForRequest(CREATE)
    await vi.waitFor(() => expect(contentsOf(lab)).toHaveLength(1))
    controller.abort()
    await first
    const again = (await (await post(lab, 'Pong!')).json()) as { id: string }
    const ids = lab.discord.messages.in(lab.discord.channelId).map(({ id }) => id)
    expect(ids).toHaveLength(2)
    expect(ids[1]).toBe(again.id)
  })

  it('also with the same headers object and the same form', async () => {
    const lab = await startWith([BAD_GATEWAY], { delivery: { ...DELIVERY, attempts: 1 } })
    const body = new FormData()
    body.set('payload_json', '{"content":"twice"}')
    const init = { method: 'POST', headers: lab.headers, body }
    expect((await lab.transport.fetch(messagesUrl(lab.discord), init)).status).toBe(502)
    expect((await lab.transport.fetch(messagesUrl(lab.discord), init)).status).toBe(200)
    expect(contentsOf(lab)).toEqual(['twice', 'twice'])
  })

  it('so three identical calls in doubt at one time are three messages', async () => {
    const lab = await startWith([LOST, LOST, LOST])
    await Promise.all([1, 2, 3].map(() => post(lab, 'same')))
    expect(contentsOf(lab)).toEqual(['same', 'same', 'same'])
  })
})

describe("a caller's own nonce without enforce_nonce", () => {
  const send = (lab: Lab, content: string) =>
    lab.transport.fetch(messagesUrl(lab.discord), {
      method: 'POST',
      headers: { ...lab.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ content, nonce: 'always the same' }),
    })

  it('is left as it is: three texts with one nonce are three messages', async () => {
    const lab = await startWith([])
    for (const content of ['a', 'b', 'c']) await send(lab, content)
    expect(contentsOf(lab)).toEqual(['a', 'b', 'c'])
    const bodies = lab.discord.rest.requests.map(({ json }) => json)
    expect(bodies).toContainEqual({ content: 'a', nonce: 'always the same' })
  })

  it('keeps the message from being repeated once it was sent', async () => {
    const lab = await startWith([LOST])
    const error = await rejection(send(lab, 'once'))
    expect(error).toBeInstanceOf(TransportError)
    expect(error).toMatchObject({ code: 'ERR_CONNECTION_LOST', sent: 'maybe', retryable: false })
    expect(contentsOf(lab)).toEqual(['once'])
  })
})
