import type { z } from 'zod'
import { jsonReply, type HttpReply } from './http-reply.js'
import type { BodyProblem } from './request-body.js'

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes#json: thrown by a route, sent as JSON. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly reply: HttpReply

  constructor(status: number, code: number, message: string, errors?: unknown) {
    super(message)
    this.reply = jsonReply(status, { message, code, ...(errors === undefined ? {} : { errors }) })
  }
}

export const unauthorized = (): ApiError => new ApiError(401, 0, '401: Unauthorized')
export const notFound = (): ApiError => new ApiError(404, 0, '404: Not Found')
export const methodNotAllowed = (): ApiError => new ApiError(405, 0, '405: Method Not Allowed')
export const unknownChannel = (): ApiError => new ApiError(404, 10003, 'Unknown Channel')
export const unknownGuild = (): ApiError => new ApiError(404, 10004, 'Unknown Guild')
export const unknownMessage = (): ApiError => new ApiError(404, 10008, 'Unknown Message')
export const unknownUser = (): ApiError => new ApiError(404, 10013, 'Unknown User')
export const unknownWebhook = (): ApiError => new ApiError(404, 10015, 'Unknown Webhook')
export const unknownInteraction = (): ApiError => new ApiError(404, 10062, 'Unknown interaction')
export const unknownCommand = (): ApiError => new ApiError(404, 10063, 'Unknown application command')
export const tooLarge = (): ApiError => new ApiError(413, 40005, 'Request entity too large')
export const acknowledged = (): ApiError =>
  new ApiError(400, 40060, 'Interaction has already been acknowledged.')
export const notYourMessage = (): ApiError =>
  new ApiError(403, 50005, 'Cannot edit a message authored by another user')
export const emptyMessage = (): ApiError => new ApiError(400, 50006, 'Cannot send an empty message')

/** The nested form of https://discord.com/developers/docs/reference#error-messages. */
export function invalidForm({ issues }: z.ZodError): ApiError {
  const errors: Record<string, unknown> = {}
  for (const { path, message } of issues) {
    const leaf = { _errors: [{ code: 'BASE_TYPE_BAD', message }] }
    const [field = '_', ...below] = path.map(String)
    errors[field] = below.reduceRight<object>((inner, key) => ({ [key]: inner }), leaf)
  }
  return new ApiError(400, 50035, 'Invalid Form Body', errors)
}

export function invalidBody(problem: BodyProblem): ApiError {
  const invalid = (text: string): ApiError => new ApiError(400, 50035, 'Invalid Form Body', { _misc: [text] })
  switch (problem) {
    case 'invalid-json':
      return new ApiError(400, 50109, 'The request body contains invalid JSON.')
    case 'invalid-multipart':
      return invalid('malformed multipart')
    case 'unsupported-content-type':
      return invalid(
        `Expected "Content-Type" header to be one of {'application/json', 'multipart/form-data'}.`,
      )
  }
}
