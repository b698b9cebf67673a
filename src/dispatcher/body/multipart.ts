import { randomBytes } from 'node:crypto'
import type { BodyPiece } from './body-chunks.js'

/** A form as it goes over the wire. */
export interface Multipart {
  readonly contentType: string
  /** Neighbouring texts are joined. */
  readonly pieces: readonly BodyPiece[]
  readonly length: number
}

/** The part of FormData that is read: the global one, undici's, and those of packages that follow the standard. */
export interface Form {
  entries(): Iterable<[string, string | FormFile]>
}

/** A File, or what a package's FormData has in its place. */
interface FormFile extends Blob {
  readonly name?: string
}

export function isForm(value: unknown): value is Form {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.toStringTag in value && value[Symbol.toStringTag] === 'FormData' && 'entries' in value
}

/** https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data */
export function encodeMultipart(form: Form): Multipart {
  const boundary = `----formdata-${randomBytes(15).toString('hex')}`
  const pieces: BodyPiece[] = []
  let length = 0
  let text = ''
  const flush = (): void => {
    if (text === '') return
    const bytes = Buffer.from(text)
    pieces.push(bytes)
    length += bytes.byteLength
    text = ''
  }
  for (const [name, value] of form.entries()) {
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(withCrLf(name))}"`
    if (typeof value === 'string') {
      text += `\r\n\r\n${withCrLf(value)}\r\n`
      continue
    }
    const filename =
      value.name === undefined || value.name === '' ? '' : `; filename="${escapeName(value.name)}"`
    text += `${filename}\r\nContent-Type: ${contentTypeOf(value)}\r\n\r\n`
    flush()
    pieces.push(value)
    length += value.size
    text = '\r\n'
  }
  text += `--${boundary}--\r\n`
  flush()
  return { contentType: `multipart/form-data; boundary=${boundary}`, pieces, length }
}

function escapeName(name: string): string {
  return name.replace(/["\r\n]/g, (character) => ESCAPES[character] ?? character)
}

const ESCAPES: Readonly<Record<string, string>> = { '"': '%22', '\r': '%0D', '\n': '%0A' }

/** Names and texts carry line breaks as CRLF; names of files do not. */
function withCrLf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n')
}

/** The type of a foreign Blob class may hold anything, a line break included. */
function contentTypeOf({ type }: Blob): string {
  return type === '' || /[^\t -~]/.test(type) ? 'application/octet-stream' : type
}
