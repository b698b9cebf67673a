import { OpenClawError } from '../openclaw-error.js'
import { textOf, type WireError } from './frames.js'

/** What to do about each detail code. */
const HINTS: Readonly<Record<string, string>> = {
  AUTH_TOKEN_MISMATCH:
    'The token is not the gateway’s. On its host: openclaw config get gateway.auth.token, or OPENCLAW_GATEWAY_TOKEN of its service.',
  AUTH_TOKEN_MISSING: 'The gateway wants a token: give `token`.',
  AUTH_TOKEN_NOT_CONFIGURED: 'The gateway has no token: run openclaw doctor on its host.',
  AUTH_PASSWORD_MISMATCH: 'The password is not the gateway’s (gateway.auth.password).',
  AUTH_PASSWORD_MISSING: 'The gateway wants a password: give `password`.',
  AUTH_REQUIRED: 'Give `token` or `password`.',
  AUTH_DEVICE_TOKEN_MISMATCH:
    'The device token was replaced or revoked. Connect once with the gateway’s token, or approve the device again: openclaw devices list',
  AUTH_SCOPE_MISMATCH:
    'The device token has fewer scopes than were asked for. Ask for fewer, or connect once with the gateway’s token.',
  AUTH_RATE_LIMITED: 'Too many wrong attempts. Correct the secret, and wait for retryAfterMs.',
  DEVICE_IDENTITY_REQUIRED:
    'The gateway wants a token, a password or a paired device: give `token` or `password`, and `device: true` if the gateway is on another host.',
  DEVICE_AUTH_SIGNATURE_INVALID:
    'The signature does not fit. A very old gateway wants version 2: device: { signature: "v2" }.',
  DEVICE_AUTH_SIGNATURE_EXPIRED: 'The clocks of the gateway changed during the handshake. Connect again.',
  CONTROL_UI_ORIGIN_NOT_ALLOWED:
    'The gateway took the client for a browser. A proxy on the way may add an Origin.',
  PROTOCOL_MISMATCH:
    'The gateway speaks another version of the protocol. Update the older of the two: openclaw update, or discord-transport.',
  CLIENT_VERSION_MISMATCH: 'Update discord-transport.',
}

/** What a refusal of the gateway means. @param method `connect` for the handshake */
export function refusal(error: WireError, method: string): OpenClawError {
  const { code, message, details, retryAfterMs } = error
  const detailCode = textOf(details['code'])
  const waits =
    details['recommendedNextStep'] === 'wait_then_retry' ||
    details['pauseReconnect'] === false ||
    detailCode === 'AUTH_RATE_LIMITED'
  return new OpenClawError(method === 'connect' ? `The OpenClaw gateway refused: ${message}` : message, {
    code,
    detailCode,
    reason: textOf(details['reason']),
    retryable: error.retryable || code === 'UNAVAILABLE' || waits,
    retryAfterMs,
    hint: hintFor(error, detailCode, method),
    method,
    details,
  })
}

function hintFor({ code, message, details }: WireError, detailCode: string | null, method: string): string {
  if (detailCode === 'PAIRING_REQUIRED') return pairingHint(details)
  const known = detailCode === null ? undefined : HINTS[detailCode]
  if (known !== undefined) return known
  if (detailCode === 'MISSING_SCOPE' || code === 'FORBIDDEN') return scopeHint(details)
  if (code === 'UNAVAILABLE') return 'The gateway is starting, restarting or busy. Try again a little later.'
  if (message.startsWith('unknown method'))
    return `This gateway has no method ${method}. Its list: hello.features.methods.`
  if (message.startsWith('unsupported channel'))
    return 'Install the plugin of the channel: openclaw plugins install @openclaw/discord'
  return method === 'connect' ? 'Look at the log of the gateway: openclaw logs' : 'Correct the parameters.'
}

function pairingHint(details: WireError['details']): string {
  const id = textOf(details['requestId'])
  const why: Readonly<Record<string, string>> = {
    'not-paired': 'This device is new to the gateway.',
    'scope-upgrade': 'The device asks for more scopes than were approved.',
    'role-upgrade': 'The device asks for a role that was not approved.',
    'metadata-upgrade': 'The device has changed, its platform for example.',
  }
  const approve =
    id === null
      ? 'openclaw devices list, then openclaw devices approve <requestId>'
      : `openclaw devices approve ${id}`
  return `${why[textOf(details['reason']) ?? ''] ?? 'The device has to be approved.'} On the gateway’s host run: ${approve}`
}

const UNKNOWN_METHOD = ' OpenClaw asks for it also where it does not know the method.'

function scopeHint(details: WireError['details']): string {
  const missing = textOf(details['missingScope'])
  return missing === null
    ? 'Connect with the scopes that the method needs.'
    : `Connect with scopes: [..., '${missing}'].${missing === 'operator.admin' ? UNKNOWN_METHOD : ''}`
}

/** What the end of a connection means where no error frame came before it. */
const CLOSES: Readonly<Record<number, readonly [message: string, hint: string, retryable: boolean]>> = {
  1002: ['speaks another version of the protocol', HINTS['PROTOCOL_MISMATCH'] ?? '', false],
  1008: ['closed the connection by its policy', 'Look at the log of the gateway: openclaw logs', true],
  1009: ['refused a frame as too large', 'Send less in one request.', true],
  1012: ['restarts', 'Nothing to do: the client reconnects by itself.', true],
  1013: ['is starting', 'Nothing to do: the client connects as soon as it is up.', true],
  4001: [
    'ended the authentication of this connection',
    'The device was removed, or its token replaced.',
    true,
  ],
}

/** @param reason of the close frame, cut by the gateway to 123 bytes */
export function closedByGateway(closeCode: number, reason: string): OpenClawError {
  const [what, hint, retryable] = CLOSES[closeCode] ?? [
    'closed the connection',
    'The client reconnects by itself.',
    true,
  ]
  const shown = reason === '' ? '' : `: ${reason}`
  return new OpenClawError(`The OpenClaw gateway ${what} (${closeCode}${shown})`, {
    code: closeCode === 1012 || closeCode === 1013 ? 'UNAVAILABLE' : 'ERR_OPENCLAW_CONNECTION_LOST',
    reason: reason === '' ? null : reason,
    hint,
    retryable,
    closeCode,
  })
}
