import * as z from 'zod'
import { TransportError } from '../errors.js'

/** What an issue carries beside its message, which then names its field already. */
export interface CheckedIssue {
  readonly hint: string
}

/** A zod transform that turns a thrown TransportError into an issue, so that one error can list them all. */
export function checked<In, Out>(convert: (value: In) => Out): (value: In, ctx: z.RefinementCtx) => Out {
  return (value, ctx) => {
    try {
      return convert(value)
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      const params: CheckedIssue = { hint: error.hint }
      ctx.addIssue({ code: 'custom', message: error.message, params: { ...params } })
      return z.NEVER
    }
  }
}
