import type { DeliveryClock } from './clock.js'
import type { Form } from './enforce-nonce-form.js'

/** How long a nonce is kept; Discord remembers it for "a few minutes". */
const KEPT_MS = 60_000
/** More calls than a bot can lose in that time: the oldest are forgotten. */
const MOST = 1_000

/** What makes two Create Message calls the same call. */
export interface SentMessage {
  /** The body as the caller gave it: its text, or the form. */
  readonly body: string | Form
  /** The URL and who sends; asked for only where it matters. */
  readonly sender: () => string
}

interface Entry {
  readonly nonce: string
  readonly until: number
}

interface FormEntry extends Entry {
  readonly sender: string
  readonly fields: readonly (readonly [string, unknown])[]
}

/**
 * The nonces of calls of which nobody knows whether they were carried out.
 *
 * The libraries above repeat on their own: @discordjs/rest where it timed out, on ECONNRESET and on every 5xx
 * answer, Carbon after a 429. They do so with the body that they have, which knows nothing of the nonce that
 * was added to it here, and a second nonce would be a second message. So the next call that is the same in
 * everything gets the nonce of the one that is in doubt.
 */
export class DoubtfulNonces {
  readonly #clock: DeliveryClock
  readonly #ofTexts = new Map<string, Entry>()
  readonly #ofForms = new WeakMap<Form, FormEntry>()

  constructor(clock: DeliveryClock) {
    this.#clock = clock
  }

  keep({ body, sender }: SentMessage, nonce: string): void {
    const entry = { nonce, until: this.#clock.now() + KEPT_MS }
    if (typeof body === 'object') {
      this.#ofForms.set(body, { ...entry, sender: sender(), fields: [...body.entries()] })
      return
    }
    const key = keyOf(body, sender())
    this.#ofTexts.delete(key)
    this.#ofTexts.set(key, entry)
    for (const [oldest, { until }] of this.#ofTexts) {
      if (this.#ofTexts.size <= MOST && until > this.#clock.now()) break
      this.#ofTexts.delete(oldest)
    }
  }

  /** The nonce that this call has to use. It is given out once: a third call is a new message. */
  take({ body, sender }: SentMessage): string | undefined {
    const entry = typeof body === 'object' ? this.#takeForm(body, sender) : this.#takeText(body, sender)
    return entry !== undefined && entry.until > this.#clock.now() ? entry.nonce : undefined
  }

  #takeText(text: string, sender: () => string): Entry | undefined {
    if (this.#ofTexts.size === 0) return undefined
    const key = keyOf(text, sender())
    const entry = this.#ofTexts.get(key)
    this.#ofTexts.delete(key)
    return entry
  }

  /** The same object, to the same URL, and nobody has put anything else into it. */
  #takeForm(form: Form, sender: () => string): Entry | undefined {
    const entry = this.#ofForms.get(form)
    if (entry === undefined) return undefined
    this.#ofForms.delete(form)
    const fields = [...form.entries()]
    const same =
      entry.sender === sender() &&
      entry.fields.length === fields.length &&
      fields.every(([name, value], index) => {
        const before = entry.fields[index]
        return before?.[0] === name && before[1] === value
      })
    return same ? entry : undefined
  }
}

function keyOf(text: string, sender: string): string {
  return `${sender}\n${text}`
}
