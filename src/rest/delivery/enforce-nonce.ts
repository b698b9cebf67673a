import { randomBytes } from 'node:crypto'

/** https://discord.com/developers/docs/resources/message#create-message-jsonform-params */
const NONCE_LENGTH = 25

/** A body whose message Discord creates once, however often it comes. */
export interface EnforcedBody<Body> {
  readonly body: Body
  /** The nonce that was added; undefined where the body brought its own. */
  readonly added: string | undefined
}

/** 16 characters that no other process has, which leaves nine to count with. */
const PROCESS = randomBytes(12).toString('base64url')
let count = 0

/** A nonce that was never used. A count costs a quarter of what random bits would, and every send pays it. */
export function createNonce(): string {
  count += 1
  return PROCESS + count.toString(36)
}

/**
 * Gives the JSON text of a message `nonce` and `enforce_nonce: true` where they are missing. Nothing else of
 * the text changes: parsing and printing it would round snowflakes that came as numbers.
 *
 * @returns undefined for what is no JSON object, and where the message says otherwise: `enforce_nonce` is
 *   there and not true, or `nonce` is there and none that Discord takes
 */
export function enforceInText(text: string, nonce: string): EnforcedBody<string> | undefined {
  const missing = missingMembers(text, nonce)
  if (missing === undefined) return undefined
  const { members, added } = missing
  if (members === '') return { body: text, added }
  const end = text.lastIndexOf('}')
  return { body: text.slice(0, end) + members + text.slice(end), added }
}

const CLOSING_BRACE = 0x7d

// Invalid UTF-8 is left alone. A byte order mark is no JSON (RFC 8259 §8.1), and must be seen to be refused.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** {@link enforceInText} for UTF-8. */
export function enforceInBytes(bytes: Uint8Array, nonce: string): EnforcedBody<Buffer> | undefined {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return undefined
  }
  const missing = missingMembers(text, nonce)
  if (missing === undefined) return undefined
  const { members, added } = missing
  // No byte of a longer UTF-8 sequence is one of ASCII (RFC 3629 §3).
  const end = bytes.lastIndexOf(CLOSING_BRACE)
  return { body: Buffer.concat([bytes.subarray(0, end), Buffer.from(members), bytes.subarray(end)]), added }
}

/** What has to stand before the closing brace. */
function missingMembers(
  text: string,
  nonce: string,
): { readonly members: string; readonly added: string | undefined } | undefined {
  const message = parseObject(text)
  if (message === undefined) return undefined
  const own = 'nonce' in message
  if (own && !isNonce(message['nonce'])) return undefined
  const enforced = 'enforce_nonce' in message
  if (enforced && message['enforce_nonce'] !== true) return undefined
  const added = own ? undefined : nonce
  if (own && enforced) return { members: '', added }
  const members = `${own ? '' : `"nonce":"${nonce}"`}${own || enforced ? '' : ','}${enforced ? '' : '"enforce_nonce":true'}`
  return { members: Object.keys(message).length === 0 ? members : `,${members}`, added }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNonce(value: unknown): boolean {
  return typeof value === 'string' ? value !== '' && value.length <= NONCE_LENGTH : Number.isInteger(value)
}
