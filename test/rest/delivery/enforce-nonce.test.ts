import fc from 'fast-check'
import { FormData as UndiciFormData } from 'undici'
import { describe, expect, it } from 'vitest'
import {
  createNonce,
  enforceInBytes,
  enforceInForm,
  enforceInText,
} from '../../../src/rest/delivery/enforce-nonce.js'

const NONCE = 'n0nce'

const space = fc.stringMatching(/^[ \t\r\n]{0,3}$/)
/** Numbers that JSON.parse rounds, and spellings that JSON.stringify would not give back. */
const awkward = fc.constantFrom(
  '1234567890123456789',
  '-0',
  '1.0e+2',
  '1e400',
  '"\\u006eonce\\/"',
  '"\\ud83d"',
  '"}"',
)
const value = fc.oneof(
  awkward,
  fc.json({ stringUnit: 'binary' }),
  fc.array(awkward).map((all) => `[${all.join()}]`),
)
const key = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('content', 'flags', '__proto__', ''))
  .filter((name) => name !== 'nonce' && name !== 'enforce_nonce')
  .map((name) => JSON.stringify(name))
/** The text of an object in any spelling, with keys that may come twice. */
const object = fc.array(fc.tuple(space, key, space, space, value, space), { maxLength: 6 }).chain((members) =>
  fc.tuple(space, space, space).map(([before, within, after]) => {
    const text = members.map(([a, name, b, c, content, d]) => `${a}${name}${b}:${c}${content}${d}`).join()
    return `${before}{${members.length === 0 ? within : text}}${after}`
  }),
)

const parsed = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

describe('a nonce in JSON text', () => {
  it('is all that changes, in the text and in what it means', () => {
    fc.assert(
      fc.property(object, (text) => {
        const body = enforceInText(text, NONCE) ?? ''
        expect(parsed(body)).toEqual({ ...parsed(text), nonce: NONCE, enforce_nonce: true })
        const inserted = /,?"nonce":"n0nce","enforce_nonce":true(?=\}\s*$)/
        expect(body).toMatch(inserted)
        expect(body.replace(inserted, '')).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it('stands in UTF-8 where it stands in the text', () => {
    fc.assert(
      fc.property(object, (text) => {
        // Half a surrogate pair has no UTF-8.
        fc.pre(Buffer.from(text).toString() === text)
        const bytes = enforceInBytes(new TextEncoder().encode(text), NONCE)
        expect(bytes?.toString()).toBe(enforceInText(text, NONCE))
      }),
      { numRuns: 500 },
    )
  })

  it('of the caller that is enforced is kept, and that is not enforced is left alone', () => {
    fc.assert(
      fc.property(
        object,
        fc.oneof(fc.string({ minLength: 1, maxLength: 25 }), fc.maxSafeInteger()),
        (text, own) => {
          const rest = Object.keys(parsed(text)).length === 0 ? '' : ','
          const unenforced = text.replace('{', () => `{"nonce":${JSON.stringify(own)}${rest}`)
          expect(enforceInText(unenforced, NONCE)).toBeUndefined()
          const enforced = unenforced.replace('{', () => '{"enforce_nonce":true,')
          expect(enforceInText(enforced, NONCE)).toBe(enforced)
        },
      ),
    )
  })

  it.each([
    ['{"enforce_nonce":true}', '{"enforce_nonce":true,"nonce":"n0nce"}'],
    ['{"nonce":"a","enforce_nonce":true}', '{"nonce":"a","enforce_nonce":true}'],
    [
      '{"content":"\\"nonce\\":1","x":{"nonce":2}}',
      '{"content":"\\"nonce\\":1","x":{"nonce":2},"nonce":"n0nce","enforce_nonce":true}',
    ],
    ['{}', '{"nonce":"n0nce","enforce_nonce":true}'],
  ])('%s becomes %s', (text, body) => {
    expect(enforceInText(text, NONCE)).toBe(body)
    expect(enforceInBytes(Buffer.from(text), NONCE)?.toString()).toBe(body)
  })

  it.each([
    ['', 'not JSON'],
    ['{"content":"hi"', 'cut off'],
    ['{"content":"hi",}', 'a trailing comma'],
    ['\ufeff{}', 'a byte order mark'],
    ['[]', 'an array'],
    ['"{}"', 'a string'],
    ['null', 'null'],
    ['content=hi&nonce=1', 'a form'],
    ['{"enforce_nonce":false}', 'the caller does not want it'],
    ['{"nonce":"a","enforce_nonce":false}', 'the caller does not want it'],
    ['{"enforce_nonce":null}', 'not true'],
    ['{"nonce":"a"}', 'the nonce of the caller is not enforced'],
    ['{"nonce":null,"enforce_nonce":true}', 'the nonce is null'],
    ['{"nonce":"","enforce_nonce":true}', 'the nonce is empty'],
    ['{"nonce":1.5,"enforce_nonce":true}', 'the nonce is a fraction'],
    ['{"nonce":"12345678901234567890123456","enforce_nonce":true}', 'the nonce is longer than Discord takes'],
  ])('%j stays as it is: %s', (text) => {
    expect(enforceInText(text, NONCE)).toBeUndefined()
    expect(enforceInBytes(Buffer.from(text), NONCE)).toBeUndefined()
  })

  it.each([
    [1024 * 1024, true],
    [1024 * 1024 + 1, false],
  ])('is put into a body of %i bytes: %s', (bytes, put) => {
    const text = JSON.stringify({ content: 'x'.repeat(bytes - '{"content":""}'.length) })
    expect(enforceInText(text, NONCE) !== undefined).toBe(put)
    expect(enforceInBytes(Buffer.from(text), NONCE) !== undefined).toBe(put)
  })

  it('is not put into a body above 1 MiB, which is not decoded to look for one', () => {
    const text = `{"content":"${'x'.repeat(1024 * 1024)}"}`
    expect(enforceInText(text, NONCE)).toBeUndefined()
    const before = process.memoryUsage.rss()
    expect(enforceInBytes(Buffer.alloc(256 * 1024 * 1024, text), NONCE)).toBeUndefined()
    const bytes = process.memoryUsage.rss() - before
    // The Buffer itself; decoded, it takes as much again.
    expect(bytes).toBeLessThan(1.5 * 256 * 1024 * 1024)
  })

  it('is not put into bytes that are not UTF-8', () => {
    expect(enforceInBytes(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), NONCE)).toBeUndefined()
  })

  it('is never the same twice, and none is longer than Discord takes', () => {
    const nonces = Array.from({ length: 1_000 }, createNonce)
    expect(new Set(nonces).size).toBe(1_000)
    for (const nonce of nonces) expect(nonce).toMatch(/^[\w-]{17,25}$/)
  })
})

it('a nonce of another process is not one of this process', async () => {
  // A second copy of the module, as another process has it.
  const copy = '../../../src/rest/delivery/enforce-nonce.js?another-process'
  const other = (await import(copy)) as { createNonce: typeof createNonce }
  expect(other.createNonce).not.toBe(createNonce)
  const [theirs, ours] = [other.createNonce, createNonce].map((create) => create().slice(0, 16))
  expect(theirs).not.toBe(ours)
})

describe('a nonce in payload_json', () => {
  const file = new File([Buffer.alloc(16, 7)], 'ä.bin', { type: 'image/png' })

  it.each<[string, () => FormData | UndiciFormData]>([
    ['the global FormData', () => new FormData()],
    ["undici's FormData", () => new UndiciFormData()],
  ])('is all that changes in %s, and the form of the caller stays as it is', async (_name, create) => {
    const form = create()
    form.append('files[0]', file)
    form.append('payload_json', '{"content":"hi","flags":4}')
    form.append('note', 'text')
    const before = [...form.entries()]
    const enforced = enforceInForm(form, NONCE)
    const after = [...(enforced?.entries() ?? [])]
    expect(after.map(([name]) => name)).toEqual(['files[0]', 'payload_json', 'note'])
    expect(after[1]?.[1]).toBe('{"content":"hi","flags":4,"nonce":"n0nce","enforce_nonce":true}')
    const sent = after[0]?.[1]
    expect(sent).toMatchObject({ name: 'ä.bin', type: 'image/png', size: 16 })
    if (typeof sent === 'object') expect(await sent.text()).toBe(await file.text())
    expect([...form.entries()]).toEqual(before)
    expect(enforced?.constructor).toBe(form.constructor)
  })

  it.each<[string, [string, string | File][]]>([
    ['there is none', [['content', 'hi']]],
    [
      'there are two',
      [
        ['payload_json', '{}'],
        ['payload_json', '{}'],
      ],
    ],
    ['it is a file', [['payload_json', new File(['{}'], 'payload.json')]]],
    ['it is not JSON', [['payload_json', '{']]],
    ['it does not want one', [['payload_json', '{"enforce_nonce":false}']]],
  ])('is not added where %s', (_name, entries) => {
    const form = new FormData()
    for (const [name, content] of entries) {
      if (typeof content === 'string') form.append(name, content)
      else form.append(name, content)
    }
    expect(enforceInForm(form, NONCE)).toBeUndefined()
  })
})
