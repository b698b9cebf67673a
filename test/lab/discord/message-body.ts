import { MessageReferenceType } from 'discord-api-types/v10'
import { z } from 'zod'
import { emptyMessage, invalidForm, tooLarge } from './api-errors.js'
import type { Attachment, Cdn } from './cdn.js'
import type { MessageDraft } from './message.js'
import type { RecordedRequest } from './recorded-request.js'

/** The fields that the fake understands; those it does not are accepted and ignored, as Discord does. */
const schema = z.object({
  content: z.string().max(2000).nullish(),
  embeds: z.array(z.unknown()).max(10).nullish(),
  components: z.array(z.unknown()).nullish(),
  flags: z.number().int().nullish(),
  tts: z.boolean().nullish(),
  poll: z.unknown().optional(),
  nonce: z.union([z.string().max(25), z.number().int()]).nullish(),
  enforce_nonce: z.boolean().nullish(),
  sticker_ids: z.array(z.string()).nullish(),
  message_reference: z
    .object({
      type: z.enum(MessageReferenceType).nullish(),
      message_id: z.string(),
      channel_id: z.string().nullish(),
    })
    .nullish(),
  attachments: z
    .array(
      z.object({
        id: z.union([z.string(), z.number()]).nullish(),
        filename: z.string().nullish(),
        description: z.string().nullish(),
      }),
    )
    .nullish(),
})

export interface MessageBodyContext {
  readonly cdn: Cdn
  /** A file above this is refused with 413, as Discord does. */
  readonly maxFileBytes: number
}

/** Puts the files of a request on the CDN, under the names and descriptions its JSON gives them. */
function attach(
  { request, channelId, kept }: { request: RecordedRequest; channelId: string; kept: readonly Attachment[] },
  described: z.infer<typeof schema>['attachments'],
  { cdn, maxFileBytes }: MessageBodyContext,
): readonly Attachment[] | undefined {
  if (request.files.some((file) => file.size > maxFileBytes)) throw tooLarge()
  const uploaded = request.files.map((file) => {
    const index = /^files?\[(\d+)\]$/.exec(file.field)?.[1]
    const entry = described?.find(({ id }) => id !== undefined && String(id) === index)
    return cdn.attach(channelId, file, {
      ...(entry?.filename ? { filename: entry.filename } : {}),
      ...(entry?.description ? { description: entry.description } : {}),
    })
  })
  // An edit without `attachments` keeps what is there and adds; with it, only what is listed stays.
  const stay = described ? kept.filter(({ id }) => described.some((entry) => entry.id === id)) : kept
  return described || uploaded.length > 0 ? [...stay, ...uploaded] : undefined
}

/** The message that a JSON or multipart body describes. `value` is where in the body it stands. */
export function parseMessage(
  request: RecordedRequest,
  channelId: string,
  context: MessageBodyContext,
  { value = request.json ?? {}, kept = [] }: { value?: unknown; kept?: readonly Attachment[] } = {},
): MessageDraft {
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw invalidForm(parsed.error)
  const { data } = parsed
  const reference = data.message_reference
  return {
    content: data.content ?? (data.content === null ? '' : undefined),
    embeds: data.embeds ?? undefined,
    components: data.components ?? undefined,
    flags: data.flags ?? undefined,
    tts: data.tts ?? undefined,
    poll: data.poll ?? undefined,
    nonce: data.nonce ?? undefined,
    enforceNonce: data.enforce_nonce ?? undefined,
    attachments: attach({ request, channelId, kept }, data.attachments, context),
    reference: reference
      ? {
          messageId: reference.message_id,
          channelId: reference.channel_id ?? undefined,
          type: reference.type ?? undefined,
        }
      : undefined,
  }
}

/** Refused when there is nothing to show. */
export function requireContent(draft: MessageDraft): MessageDraft {
  const shown = [draft.embeds, draft.components, draft.attachments].some((list) => (list?.length ?? 0) > 0)
  const forward = draft.reference?.type === MessageReferenceType.Forward
  if (!draft.content && !shown && draft.poll === undefined && !forward) throw emptyMessage()
  return draft
}
