import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** A model for a real gateway: https://platform.openai.com/docs/api-reference/chat, as a stream. */
export interface EchoModel {
  readonly url: string
  close(): Promise<void>
}

/** It answers what stands in the last `[[…]]` of the conversation. `slow200` in it takes 200 ms. */
export async function startEchoModel(): Promise<EchoModel> {
  const server = createServer(
    (request, response) => void answer(request, response).catch(() => response.destroy()),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const asked = JSON.stringify(await json(request))
  const marked = [...asked.matchAll(/\[\[(.+?)\]\]/g)].at(-1)?.[1] ?? 'nothing was marked'
  await sleep(Number(/slow(\d+)/.exec(marked)?.[1] ?? 0))
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
  for (const content of ['Echo: ', marked])
    send(response, { delta: { role: 'assistant', content }, finish_reason: null })
  send(response, { delta: {}, finish_reason: 'stop' }, { usage })
  response.end('data: [DONE]\n\n')
}

function send(response: ServerResponse, choice: object, more: object = {}): void {
  const chunk = {
    id: 'echo',
    object: 'chat.completion.chunk',
    model: 'echo-1',
    choices: [{ index: 0, ...choice }],
    ...more,
  }
  response.write(`data: ${JSON.stringify(chunk)}\n\n`)
}
