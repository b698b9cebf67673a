import { openAsBlob } from 'node:fs'
import { check, HEADERS, MESSAGES_PATH, PAYLOAD, type BenchClient } from '../contender.js'

/** Anything with the global fetch's signature and its classes. */
export function globalClient(
  origin: string,
  send: (url: string, init: RequestInit) => Promise<Response>,
  close: () => Promise<void>,
): BenchClient {
  const url = origin + MESSAGES_PATH
  const { authorization = '' } = HEADERS
  return {
    async send() {
      const response = await send(url, { method: 'POST', headers: HEADERS, body: PAYLOAD })
      check(response.status, await response.json())
    },
    async upload(path) {
      const body = new FormData()
      body.set('payload_json', PAYLOAD)
      body.set('files[0]', await openAsBlob(path), 'upload.bin')
      const response = await send(url, { method: 'POST', headers: { authorization }, body })
      check(response.status, await response.json())
    },
    close,
  }
}
