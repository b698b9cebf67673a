import type { RequestContext } from './tunnel-request.js'

/**
 * Cloudflare stands before Discord and answers for it after two minutes (524), so a longer silence means a dead
 * tunnel. undici would wait for five minutes.
 * https://developers.cloudflare.com/support/troubleshooting/http-status-codes/cloudflare-5xx-errors/error-524/
 */
export const SILENCE_MS = 150_000

export interface DispatcherOptions {
  /** The most tunnels open or being opened at one time, over all origins. */
  readonly maxTunnels: number
  /** Milliseconds for which an idle tunnel is kept. */
  readonly keepAliveMs: number
  /** Milliseconds without a byte of the answer after which a request fails with ERR_TARGET_TIMEOUT. Default: 150 000. */
  readonly silenceMs?: number
  /** Milliseconds for which a response keeps its tunnel while nothing of it is read. Default: 30 000. */
  readonly unreadMs?: number
  /** Whether plain requests take a tunnel too, where an HTTP proxy would forward them. Default: false. */
  readonly tunnelOnly?: boolean
  /** Told of every request that has an answer or has failed. Default: nothing is reported, at no cost. */
  readonly onEvent?: RequestContext['onEvent']
  /** Called when an origin has lost its last tunnel. */
  readonly onCold?: (origin: URL) => void
}
