import { expect } from 'vitest'
import type { DiscordTransport } from '../../src/index.js'
import type { FakeDiscord } from '../lab/discord/index.js'

/** What is read of Discord's answer to Create Message. */
interface SentMessage {
  readonly id: string
  readonly content: string
  readonly attachments: readonly { readonly filename: string; readonly size: number; readonly url: string }[]
}

export function messagesUrl(discord: FakeDiscord): string {
  return `https://discord.com/api/v10/channels/${discord.channelId}/messages`
}

export function authorization({ token }: FakeDiscord): { readonly Authorization: string } {
  return { Authorization: `Bot ${token}` }
}

/** Create Message, as JSON or as a form. */
export async function send(
  transport: DiscordTransport,
  discord: FakeDiscord,
  message: FormData | { readonly content: string },
): Promise<SentMessage> {
  const isForm = message instanceof FormData
  const response = await transport.fetch(messagesUrl(discord), {
    method: 'POST',
    headers: { ...authorization(discord), ...(isForm ? {} : { 'Content-Type': 'application/json' }) },
    body: isForm ? message : JSON.stringify(message),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as SentMessage
}
