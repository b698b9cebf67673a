import { subscribe } from 'node:diagnostics_channel'
import type { Agent } from 'node:http'
import { warnOnce } from './warning.js'

/** Voice servers of Discord: https://discord.com/developers/docs/topics/voice-connections */
const VOICE_DOMAIN = '.discord.media'

/** Node publishes each request of node:http here, and a WebSocket of `ws` begins as one. */
const REQUEST_STARTED = 'http.client.request.start'

const agents = new WeakSet<Agent>()
let watching = false

/**
 * Some libraries open the WebSocket to a voice server without asking any option for an agent. From now on such a
 * connection that does not take a transport's agent is reported by a warning of the process.
 *
 * @param agent the agent of a transport, whose voice connections need no warning
 */
export function warnAboutDirectVoice(agent: Agent): void {
  agents.add(agent)
  if (watching) return
  watching = true
  subscribe(REQUEST_STARTED, (message) => {
    const { request } = message as { readonly request: { readonly host: string; readonly agent?: Agent } }
    if (!request.host.endsWith(VOICE_DOMAIN)) return
    if (request.agent !== undefined && agents.has(request.agent)) return
    warnOnce(
      `The voice connection to ${VOICE_DOMAIN.slice(1)} is direct: this library gives no way to send it through a proxy. ` +
        'Audio is UDP, which no HTTP proxy carries.',
    )
  })
}
