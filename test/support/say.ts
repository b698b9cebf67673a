import type { DiscordTransport } from '../../src/index.js'
import { messagesUrl } from '../cases/rest-requests.js'
import type { Lab } from './lab.js'

/** What may differ from a plain send by the lab's own transport. */
interface Saying extends RequestInit {
  readonly transport?: DiscordTransport
}

/** Create Message as JSON. */
export function post(
  { discord, headers, transport: own }: Lab,
  content: string,
  { transport = own, ...init }: Saying = {},
): Promise<Response> {
  return transport.fetch(messagesUrl(discord), {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ content }),
    ...init,
  })
}

/** {@link post}; resolves with the status, when the answer has been read. */
export async function say(lab: Lab, content: string, saying: Saying = {}): Promise<number> {
  const response = await post(lab, content, saying)
  await response.text()
  return response.status
}
