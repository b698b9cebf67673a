import type { Agent } from 'node:http'
import { check, HEADERS, MESSAGES_PATH, PAYLOAD, type BenchClient } from '../contender.js'
import { importPeer } from '../peers/resolve.js'

interface NodeFetch {
  readonly default: (
    url: string,
    init: { method: string; headers: Readonly<Record<string, string>>; body: unknown; agent: () => Agent },
  ) => Promise<Response>
  readonly FormData: new () => { set(name: string, value: unknown): void }
  readonly fileFromSync: (path: string) => unknown
}

const { default: fetch, FormData, fileFromSync } = await importPeer<NodeFetch>('node-fetch')

export function nodeFetchClient(origin: string, agent: () => Agent, close: () => void): BenchClient {
  const url = origin + MESSAGES_PATH
  const { authorization = '' } = HEADERS
  return {
    async send() {
      const response = await fetch(url, { method: 'POST', headers: HEADERS, body: PAYLOAD, agent })
      check(response.status, await response.json())
    },
    async upload(path) {
      const body = new FormData()
      body.set('payload_json', PAYLOAD)
      body.set('files[0]', fileFromSync(path))
      const response = await fetch(url, { method: 'POST', headers: { authorization }, body, agent })
      check(response.status, await response.json())
    },
    close: () => {
      close()
      return Promise.resolve()
    },
  }
}
