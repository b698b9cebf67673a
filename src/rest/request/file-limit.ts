import { sanitizeForeignText } from '../../config/index.js'
import type { Form } from '../../dispatcher/body/multipart.js'
import { TransportError } from '../../errors.js'
import { text } from '../../messages/index.js'

/**
 * Checks one file before anything of it is sent.
 *
 * @throws TransportError ERR_UPLOAD_TOO_LARGE
 */
export function checkFileSize(size: number, maxFileBytes: number, name?: string): void {
  if (size <= maxFileBytes) return
  throw tooLarge(`${fileNamed(name)} has ${size} bytes, more than`, maxFileBytes, 'no')
}

/** Checks every file of a form; its texts are no files. */
export function checkFormFiles(form: Form, maxFileBytes: number): void {
  if (maxFileBytes === Infinity) return
  for (const [, value] of form.entries())
    if (typeof value !== 'string') checkFileSize(value.size, maxFileBytes, value.name)
}

/** The failure of a stream whose length nobody knew. */
export function streamTooLarge(maxFileBytes: number): TransportError {
  return tooLarge('The stream has more bytes than', maxFileBytes, 'maybe')
}

function fileNamed(name: string | undefined): string {
  return name === undefined || name === '' ? 'The file' : `The file ${sanitizeForeignText(name, 100)}`
}

function tooLarge(what: string, maxFileBytes: number, sent: 'no' | 'maybe'): TransportError {
  return new TransportError(`${what} maxFileBytes allows (${maxFileBytes})`, {
    code: 'ERR_UPLOAD_TOO_LARGE',
    phase: 'exchange',
    hint: text('route.upload-too-large.hint'),
    retryable: false,
    sent,
  })
}
