import type { File } from 'node:buffer'
import { FormData as UndiciFormData } from 'undici'
import { enforceInText } from './enforce-nonce.js'

/** The part of FormData that is read: of the global one, undici's, and those of packages. */
export interface Form {
  entries(): Iterable<[string, string | File]>
}

export function isForm(value: unknown): value is Form {
  return (
    typeof value === 'object' &&
    value !== null &&
    Symbol.toStringTag in value &&
    value[Symbol.toStringTag] === 'FormData' &&
    'entries' in value
  )
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
