import { randomBytes } from 'node:crypto'
import { FormData as UndiciFormData } from 'undici'
import { isObject, parseJson } from '../../config/json.js'
import { isForm, type Form } from '../../dispatcher/body/multipart.js'

/** https://discord.com/developers/docs/resources/message#create-message-jsonform-params */
const NONCE_LENGTH = 25

/**
 * A longer body is not searched for JSON, and so gets no nonce: decoding a file of 500 MiB would need as much memory
 * again. The largest message that Discord takes is far below it: ten embeds of 6 000 characters in all, and components.
 */
const MOST_BYTES = 1024 * 1024

/** 16 characters that no other process has, which leaves nine to count with. */
const PROCESS = randomBytes(12).toString('base64url')
let count = 0

/** A nonce that was never used. A count costs a quarter of what random bits would, and every send pays it. */
export function createNonce(): string {
  count += 1
  return PROCESS + count.toString(36)
}

/**
 * The body of a Create Message with `nonce` and `enforce_nonce: true`, whichever kind of body it is.
 *
 * @returns undefined for a body that must not be changed and that Discord does not deduplicate
 */
export function enforceNonce(
  body: unknown,
  nonce: string,
): string | Buffer | FormData | UndiciFormData | undefined {
  if (typeof body === 'string') return enforceInText(body, nonce)
  if (isForm(body)) return enforceInForm(body, nonce)
  if (body instanceof ArrayBuffer) return enforceInBytes(new Uint8Array(body), nonce)
  if (ArrayBuffer.isView(body))
    return enforceInBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength), nonce)
  return undefined
}

/**
 * Gives the JSON text of a message `nonce` and `enforce_nonce: true`. Nothing else of the text changes: parsing and
 * printing it would round snowflakes that came as numbers.
 *
 * @returns undefined for a message that must not be changed and that Discord does not deduplicate: the text is not a
 *   JSON object, `enforce_nonce` is there and not true, or the caller's own `nonce` is not enforced or not one that
 *   Discord takes
 */
export function enforceInText(text: string, nonce: string): string | undefined {
  const members = missingMembers(text, nonce)
  if (members === undefined) return undefined
  const end = text.lastIndexOf('}')
  return text.slice(0, end) + members + text.slice(end)
}

const CLOSING_BRACE = 0x7d

// Invalid UTF-8 is left alone. A byte order mark is not JSON (RFC 8259 §8.1), so the parser must see it.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** {@link enforceInText} for UTF-8. */
export function enforceInBytes(bytes: Uint8Array, nonce: string): Buffer | undefined {
  if (bytes.byteLength > MOST_BYTES) return undefined
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return undefined
  }
  const members = missingMembers(text, nonce)
  if (members === undefined) return undefined
  // No byte of a longer UTF-8 sequence is one of ASCII (RFC 3629 §3).
  const end = bytes.lastIndexOf(CLOSING_BRACE)
  return Buffer.concat([bytes.subarray(0, end), Buffer.from(members), bytes.subarray(end)])
}

/** What has to stand before the closing brace; empty where nothing is missing. */
function missingMembers(text: string, nonce: string): string | undefined {
  const message = text.length > MOST_BYTES ? undefined : parseJson(text)
  if (!isObject(message)) return undefined
  const enforced = 'enforce_nonce' in message
  if (enforced && message['enforce_nonce'] !== true) return undefined
  // A nonce that its author does not enforce need not be unique: enforced, it would make one message of several.
  if ('nonce' in message) return enforced && isNonce(message['nonce']) ? '' : undefined
  const members = `"nonce":"${nonce}"${enforced ? '' : ',"enforce_nonce":true'}`
  return Object.keys(message).length === 0 ? members : `,${members}`
}

function isNonce(value: unknown): boolean {
  return typeof value === 'string' ? value !== '' && value.length <= NONCE_LENGTH : Number.isInteger(value)
}

/** https://discord.com/developers/docs/reference#uploading-files */
const PAYLOAD = 'payload_json'

/**
 * A copy of the form whose `payload_json` has `nonce` and `enforce_nonce: true`. The caller's own form is not
 * changed: sent a second time, it is a second message. Files are passed on by reference.
 *
 * @returns undefined for a form without exactly one `payload_json` that is text, and where that says otherwise
 */
export function enforceInForm(form: Form, nonce: string): FormData | UndiciFormData | undefined {
  const entries = [...form.entries()]
  const payloads = entries.filter(([name]) => name === PAYLOAD)
  const text = payloads[0]?.[1]
  if (payloads.length !== 1 || typeof text !== 'string') return undefined
  const payload = enforceInText(text, nonce)
  if (payload === undefined) return undefined
  try {
    const changed = form instanceof UndiciFormData ? new UndiciFormData() : new FormData()
    for (const [name, value] of entries) {
      if (name === PAYLOAD) changed.append(name, payload)
      else if (typeof value === 'string') changed.append(name, value)
      else changed.append(name, value, value.name)
    }
    return changed
  } catch {
    // A package's own File that no FormData of Node takes: this form is sent as it is.
    return undefined
  }
}
