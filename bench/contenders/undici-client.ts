import { openAsBlob } from 'node:fs'
import { fetch, FormData, request, type Dispatcher } from 'undici'
import { check, HEADERS, MESSAGES_PATH, PAYLOAD, type BenchClient } from '../contender.js'

const { authorization = '' } = HEADERS

async function form(path: string): Promise<FormData> {
  const body = new FormData()
  body.set('payload_json', PAYLOAD)
  body.set('files[0]', await openAsBlob(path), 'upload.bin')
  return body
}

/** undici.request on a dispatcher. */
export function requestClient(origin: string, dispatcher: Dispatcher): BenchClient {
  const url = origin + MESSAGES_PATH
  return {
    async send() {
      const { statusCode, body } = await request(url, {
        dispatcher,
        method: 'POST',
        headers: HEADERS,
        body: PAYLOAD,
      })
      check(statusCode, await body.json())
    },
    async upload(path) {
      const sent = { dispatcher, method: 'POST', headers: { authorization }, body: await form(path) } as const
      const { statusCode, body } = await request(url, sent)
      check(statusCode, await body.json())
    },
    close: () => dispatcher.destroy(),
  }
}

/** undici.fetch on a dispatcher. */
export function fetchClient(origin: string, dispatcher: Dispatcher): BenchClient {
  const url = origin + MESSAGES_PATH
  return {
    async send() {
      const response = await fetch(url, { dispatcher, method: 'POST', headers: HEADERS, body: PAYLOAD })
      check(response.status, await response.json())
    },
    async upload(path) {
      const body = await form(path)
      const response = await fetch(url, { dispatcher, method: 'POST', headers: { authorization }, body })
      check(response.status, await response.json())
    },
    close: () => dispatcher.destroy(),
  }
}
