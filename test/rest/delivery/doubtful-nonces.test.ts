import { describe, expect, it } from 'vitest'
import type { FetchInit } from '../../../src/rest/index.js'
import { lost, MESSAGES, scripted, unreachable, type Scripted, type Step } from './scripted.js'

const POST = { method: 'POST', body: '{"content":"hi"}', headers: { Authorization: 'Bot a' } }

/** The nonces that were sent, one for each attempt. */
function noncesOf({ sent }: Scripted): unknown[] {
  return sent.map(({ init }) => {
    const body: unknown = init?.body instanceof FormData ? init.body.get('payload_json') : init?.body
    const message = JSON.parse(String(body)) as { nonce: unknown }
    return message.nonce
  })
}

/** Whether the second of two calls, each of one attempt, is the same message for Discord as the first. */
async function isSame(
  first: Step,
  again: { readonly url?: string; readonly init?: FetchInit; readonly afterMs?: number } = {},
): Promise<boolean> {
  const script = scripted([first, 200], { attempts: 1 })
  await script.fetch(MESSAGES, POST).catch(() => undefined)
  script.clock.time += again.afterMs ?? 0
  await script.fetch(again.url ?? MESSAGES, again.init ?? POST)
  const [one, other] = noncesOf(script)
  expect(one).toMatch(/^[\w-]{17,25}$/)
  expect(other).toMatch(/^[\w-]{17,25}$/)
  return one === other
}

describe('a repetition by the libraries above', () => {
  it.each<[string, Step]>([
    ['a lost answer', lost()],
    ['an abort', new DOMException('This operation was aborted', 'AbortError')],
    ['a 500', 500],
    ['a 502', 502],
    ['a 520', 520],
  ])('has the nonce of the call that ended with %s', async (_name, step) => {
    expect(await isSame(step)).toBe(true)
  })

  it.each<[string, Step]>([
    ['a message', 200],
    ['a 400', 400],
    ['a 429', 429],
    ['a tunnel that could not be opened', unreachable()],
  ])('is a message of its own after %s', async (_name, step) => {
    expect(await isSame(step)).toBe(false)
  })

  it('has the nonce of a call whose repetition was answered with 429', async () => {
    const script = scripted([lost(), 429, 200])
    await script.fetch(MESSAGES, POST)
    await script.fetch(MESSAGES, POST)
    expect(new Set(noncesOf(script)).size).toBe(1)
  })

  it.each([
    ['in another channel', { url: MESSAGES.replace('123', '124') }],
    ['with another text', { init: { ...POST, body: '{"content":"ho"}' } }],
    ['by another bot', { init: { ...POST, headers: new Headers({ authorization: 'Bot b' }) } }],
    ['a minute later', { afterMs: 60_000 }],
  ])('is a message of its own %s', async (_name, again) => {
    expect(await isSame(lost(), again)).toBe(false)
  })

  it('is the same call however its headers are written', async () => {
    expect(await isSame(lost(), { init: { ...POST, headers: [['authorization', 'Bot a']] } })).toBe(true)
  })

  it('has the nonce once: the third call is a new message', async () => {
    const script = scripted([lost(), 200], { attempts: 1 })
    await script.fetch(MESSAGES, POST).catch(() => undefined)
    await script.fetch(MESSAGES, POST)
    await script.fetch(MESSAGES, POST)
    const [one, two, three] = noncesOf(script)
    expect(two).toBe(one)
    expect(three).not.toBe(one)
  })

  it('has it as often as it fails', async () => {
    const script = scripted([lost(), lost(), 200], { attempts: 1 })
    for (let call = 0; call < 3; call += 1) await script.fetch(MESSAGES, POST).catch(() => undefined)
    expect(new Set(noncesOf(script)).size).toBe(1)
  })

  it.each([
    ['has the nonce', () => undefined, true],
    [
      'is a new message if the text was changed',
      (form: FormData) => form.set('payload_json', '{"a":1}'),
      false,
    ],
    [
      'is a new message if a file was changed',
      (form: FormData) => form.set('f', new File(['y'], 'x')),
      false,
    ],
    ['is a new message if a file was added', (form: FormData) => form.set('g', new File([], 'x')), false],
  ])('with the same form %s', async (_name, change, same) => {
    const script = scripted([lost(), 200], { attempts: 1 })
    const form = new FormData()
    form.set('payload_json', '{"content":"hi"}')
    form.set('f', new File(['x'], 'x'))
    await script.fetch(MESSAGES, { ...POST, body: form }).catch(() => undefined)
    change(form)
    await script.fetch(MESSAGES, { ...POST, body: form })
    const [one, other] = noncesOf(script)
    expect(one === other).toBe(same)
  })

  it('of a thousand calls in doubt, the oldest are forgotten first', async () => {
    const script = scripted([lost()], { attempts: 1 })
    const send = (index: number) =>
      script.fetch(MESSAGES, { ...POST, body: `{"content":"${index}"}` }).catch(() => undefined)
    for (let index = 0; index <= 1_000; index += 1) await send(index)
    await send(0)
    await send(1_000)
    const nonces = noncesOf(script)
    expect(nonces[1_001]).not.toBe(nonces[0])
    expect(nonces[1_002]).toBe(nonces[1_000])
  })
})
