import { createHash, randomBytes } from 'node:crypto'
import * as z from 'zod'
import { parseJson } from '../../config/json.js'
import { TransportError } from '../../errors.js'
import { say, text, type Text } from '../../messages/index.js'
import { DiscordFailure, refusedWith, strangeAnswer, type DiscordAnswer } from './discord-failure.js'
import { apiName, ask, askApi, readJson, type ApiRequest, type DiscordQuestions } from './discord-hops.js'

/** Where test messages are written, and how large the file is. */
export interface MessageTest {
  readonly token: string
  readonly channel: string
  readonly uploadBytes: number
  /** The id of the bot. */
  readonly botId: string
}

const FILE_NAME = 'discord-transport-doctor.bin'

/** Notifies no member: https://discord.com/developers/docs/resources/message#message-object-message-flags */
const SUPPRESS_NOTIFICATIONS = 1 << 12

/** Among the newest messages of the channel, one that was written a moment ago. */
const SEARCHED_MESSAGES = 50

const messageSchema = z.object({ id: z.string() })
const uploadedSchema = z.object({
  id: z.string(),
  attachments: z.tuple([z.object({ url: z.string().startsWith('https://'), size: z.int() })]),
})
const foundSchema = z.array(
  z.object({ id: z.string(), content: z.string(), author: z.object({ id: z.string() }) }),
)
const errorSchema = z.object({ code: z.int(), message: z.string() })

/**
 * Sends a message, uploads a file, downloads it, edits the message, and deletes both, also after a failure: the
 * failure that brings people here is often a POST.
 */
export class MessageProbe {
  readonly #questions: DiscordQuestions
  readonly #test: MessageTest
  /** Stands in both messages: a message whose answer was lost is found by it. */
  readonly #marker = `discord-transport doctor ${randomBytes(8).toString('hex')}`
  readonly #written: string[] = []
  /** A message may exist whose id never arrived. */
  #inDoubt = false

  constructor(questions: DiscordQuestions, test: MessageTest) {
    this.#questions = questions
    this.#test = test
  }

  /** @param cleanUp the questions for the deletion: with time of their own, and not aborted */
  async run(cleanUp: DiscordQuestions): Promise<void> {
    const { log } = this.#questions
    try {
      const sent = await log.run('send', () => this.#send())
      const file = randomBytes(this.#test.uploadBytes)
      const url = sent === undefined ? undefined : await log.run('upload', () => this.#upload(file))
      if (url !== undefined) await log.run('download', () => this.#download(url, file))
      if (sent !== undefined) await log.run('edit', () => this.#edit(sent))
    } finally {
      if (this.#written.length > 0 || this.#inDoubt) await log.run('delete', () => this.#delete(cleanUp))
    }
  }

  /** https://discord.com/developers/docs/resources/message#create-message */
  async #send(): Promise<{ value: string; detail: string | null }> {
    const value = await this.#write(messageSchema, { json: this.#content() })
    return { value: value.id, detail: null }
  }

  /** https://discord.com/developers/docs/reference#uploading-files */
  async #upload(file: Buffer): Promise<{ value: string; detail: string }> {
    const form = new FormData()
    form.set('payload_json', JSON.stringify(this.#content()))
    form.set('files[0]', new Blob([new Uint8Array(file)]), FILE_NAME)
    const { attachments } = await this.#write(uploadedSchema, { form })
    const [{ url, size }] = attachments
    if (size !== file.length)
      throw strangeAnswer(text('doctor.upload.size', { bytes: size, expected: file.length }))
    return { value: url, detail: say('doctor.detail.bytes', { bytes: size }) }
  }

  async #download(url: string, file: Buffer): Promise<{ value: true; detail: string }> {
    const { hostname } = new URL(url)
    const answer = await ask(this.#questions, url)
    if (answer.status !== 200) throw refusedWith(answer.status, hostname)
    if (sha256(answer.body) !== sha256(file))
      throw strangeAnswer(text('doctor.download.differs', { what: hostname }), answer)
    return { value: true, detail: say('doctor.detail.bytes', { bytes: file.length }) }
  }

  /** https://discord.com/developers/docs/resources/message#edit-message */
  async #edit(id: string): Promise<{ value: true; detail: null }> {
    const path = this.#path(id)
    const { content } = this.#content()
    const json = { content: `${content} (edited)` }
    const answer = await askApi(this.#questions, path, { method: 'PATCH', token: this.#test.token, json })
    if (answer.status !== 200) throw refused(answer, path)
    return { value: true, detail: null }
  }

  /** https://discord.com/developers/docs/resources/message#delete-message */
  async #delete(cleanUp: DiscordQuestions): Promise<{ value: true; detail: string }> {
    const lost = this.#inDoubt ? await this.#find(cleanUp) : []
    const ids = [...new Set([...this.#written, ...lost])]
    for (const id of ids) {
      const path = this.#path(id)
      const answer = await askApi(cleanUp, path, { method: 'DELETE', token: this.#test.token })
      // 404: it is gone already.
      if (answer.status !== 204 && answer.status !== 404) throw refused(answer, path)
    }
    return { value: true, detail: say('doctor.detail.deleted', { messages: ids.length }) }
  }

  /** https://discord.com/developers/docs/resources/message#get-channel-messages */
  async #find(cleanUp: DiscordQuestions): Promise<readonly string[]> {
    const path = `${this.#path()}?limit=${SEARCHED_MESSAGES}`
    const answer = await askApi(cleanUp, path, { token: this.#test.token })
    if (answer.status !== 200) throw refused(answer, this.#path())
    const ours = readJson(answer, foundSchema, this.#path()).filter(
      ({ author, content }) => author.id === this.#test.botId && content.includes(this.#marker),
    )
    return ours.map(({ id }) => id)
  }

  async #write<Schema extends z.ZodType<{ id: string }>>(
    schema: Schema,
    body: Pick<ApiRequest, 'json' | 'form'>,
  ): Promise<z.output<Schema>> {
    const path = this.#path()
    this.#inDoubt = true
    const answer = await this.#post(path, body)
    if (answer.status !== 200) {
      // A server error may come after the message was written.
      this.#inDoubt = answer.status >= 500
      throw refused(answer, path)
    }
    const message = readJson(answer, schema, path)
    this.#written.push(message.id)
    this.#inDoubt = false
    return message
  }

  async #post(path: string, body: Pick<ApiRequest, 'json' | 'form'>): Promise<DiscordAnswer> {
    try {
      return await askApi(this.#questions, path, { method: 'POST', token: this.#test.token, ...body })
    } catch (error) {
      if (error instanceof TransportError && error.sent === 'no') this.#inDoubt = false
      throw error
    }
  }

  #content(): { readonly content: string; readonly flags: number; readonly allowed_mentions: object } {
    return { content: this.#marker, flags: SUPPRESS_NOTIFICATIONS, allowed_mentions: { parse: [] } }
  }

  #path(message?: string): string {
    const messages = `/channels/${this.#test.channel}/messages`
    return message === undefined ? messages : `${messages}/${message}`
  }
}

/** Discord's own refusals say why: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
function refused(answer: DiscordAnswer, path: string): DiscordFailure {
  const { data } = errorSchema.safeParse(parseJson(answer.body.toString('utf8')))
  const hint = data === undefined ? undefined : HINTS.get(data.code)
  if (hint === undefined) return refusedWith(answer.status, apiName(path))
  const { status } = answer
  const message = text('doctor.answered', { what: apiName(path), status })
  return new DiscordFailure('ERR_DISCORD_REFUSED', message, hint)
}

const HINTS: ReadonlyMap<number, Text> = new Map([
  [10003, text('doctor.channel.hint')],
  [40005, text('doctor.too-large.hint')],
  [50001, text('doctor.channel.hint')],
  [50013, text('doctor.permission.hint')],
])

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
