import { expect, it } from 'vitest'
import { readPayload } from '../../src/gateway/payload.js'

it.each([
  ['{"op":1,"d":null}', { kind: 'heartbeat-request' }],
  ['{"op":7,"d":null}', { kind: 'reconnect' }],
  ['{"op":9,"d":true}', { kind: 'invalid-session', resumable: true }],
  ['{"op":9,"d":false}', { kind: 'invalid-session', resumable: false }],
  ['{"op":9}', { kind: 'invalid-session', resumable: false }],
  ['{"op":10,"d":{"heartbeat_interval":41250}}', { kind: 'hello', heartbeatIntervalMs: 41_250 }],
  ['{"op":11}', { kind: 'heartbeat-ack' }],
  ['{"op":99,"d":{}}', { kind: 'unknown', op: 99 }],
])('%s is read', (text, payload) => {
  expect(readPayload(text)).toEqual(payload)
})

it.each([
  '',
  'null',
  '[]',
  '{"op":',
  '{"op":"0"}',
  '{"op":0,"t":"LAB","d":null}',
  '{"op":0,"t":null,"s":1,"d":null}',
  '{"op":0,"t":"READY","s":1,"d":null}',
  '{"op":0,"t":"READY","s":1,"d":{"session_id":5}}',
  '{"op":10,"d":null}',
  '{"op":10,"d":{"heartbeat_interval":0}}',
  '{"op":10,"d":{"heartbeat_interval":1e300}}',
])('%s is no payload', (text) => {
  expect(() => readPayload(text)).toThrow()
})

it.each(['{"op":0,"t":"LAB","s":1,"d":null}', '{"op":0,"t":"RESUMED","s":null,"d":null}'])(
  '%s is a dispatch, and its text stays beside it',
  (raw) => {
    expect(readPayload(raw)).toEqual({ kind: 'dispatch', payload: JSON.parse(raw) as unknown, raw })
  },
)
