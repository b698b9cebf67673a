import { expect, test } from 'vitest'
import { ReceivedHeaders } from '../../src/dispatcher/received-headers.js'

const received = (...raw: string[]): ReceivedHeaders =>
  new ReceivedHeaders(raw.map((text) => Buffer.from(text, 'latin1')))

test('a header is found whatever the case of its name, and joined where it came twice', () => {
  const headers = received('Content-Encoding', 'gzip', 'X-Other-Headers1', 'no', 'content-ENCODING', 'br')
  expect(headers.get('content-encoding')).toBe('gzip, br')
  expect(headers.get('content-length')).toBeUndefined()
})

test('each comes as often as it came, its name in lower case, its bytes as Latin-1', () => {
  const headers = received('Set-Cookie', 'a=1', 'Date', 'today', 'set-cookie', 'b=\xe4')
  expect([...headers]).toEqual([
    ['set-cookie', 'a=1'],
    ['date', 'today'],
    ['set-cookie', 'b=\xe4'],
  ])
})

test('the name of a header may be that of a property of objects', () => {
  expect(received('__proto__', 'x').get('__proto__')).toBe('x')
  expect(received().get('constructor')).toBeUndefined()
})
