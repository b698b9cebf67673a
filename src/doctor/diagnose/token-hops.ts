import * as z from 'zod'
import { gatewayBotSchema } from '../../discord/gateway-bot.js'
import { isIntentOn, PRIVILEGED_INTENTS, type PrivilegedIntent } from '../../discord/intents.js'
import { say, text } from '../../messages/index.js'
import { DiscordFailure } from './discord-failure.js'
import { getJson, type DiscordQuestions } from './discord-hops.js'

const userSchema = z.object({ id: z.string(), username: z.string() })
const applicationSchema = z.object({ flags: z.int().default(0) })

/** https://discord.com/developers/docs/resources/user#get-current-user */
export function askIdentity(questions: DiscordQuestions, token: string): Promise<string | undefined> {
  return questions.log.run('identity', async () => {
    const { id } = await getJson(questions, '/users/@me', userSchema, token)
    return { value: id, detail: say('doctor.detail.bot', { id }) }
  })
}

/**
 * Which privileged intents the application has. Fails where `intents` needs another one.
 * https://discord.com/developers/docs/resources/application#get-current-application
 *
 * @param intents the bits that the bot identifies with
 */
export function askIntents(
  questions: DiscordQuestions,
  token: string,
  intents: number,
): Promise<true | undefined> {
  return questions.log.run('intents', async () => {
    const { flags } = await getJson(questions, '/applications/@me', applicationSchema, token)
    const missing = PRIVILEGED_INTENTS.filter(
      (intent) => (intents & intent.bit) !== 0 && !isIntentOn(intent, flags),
    )
    if (missing.length > 0) throw missingIntents(intents, missing)
    return { value: true, detail: describeIntents(flags) }
  })
}

function missingIntents(intents: number, missing: readonly PrivilegedIntent[]): DiscordFailure {
  const names = missing.map(({ name }) => name).join(', ')
  const switches = missing.map(({ portalName }) => `"${portalName}"`).join(', ')
  return new DiscordFailure(
    'ERR_DISCORD_INTENTS',
    text('doctor.intents.missing', { intents, names }),
    text('doctor.intents.missing.hint', { switches }),
  )
}

function describeIntents(flags: number): string {
  const list = (on: boolean): string => {
    const names = PRIVILEGED_INTENTS.filter((intent) => isIntentOn(intent, flags) === on)
    return names.map(({ name }) => name).join(', ') || say('doctor.detail.none')
  }
  return say('doctor.detail.intents', { on: list(true), off: list(false) })
}

/** What Discord says about connecting: how many shards, and how many identifies are left today. */
export interface SessionStarts {
  readonly shards: number
  readonly remaining: number
}

/** https://discord.com/developers/docs/events/gateway#get-gateway-bot */
export function askGatewayBot(
  questions: DiscordQuestions,
  token: string,
): Promise<SessionStarts | undefined> {
  return questions.log.run('gateway-bot', async () => {
    const { shards, session_start_limit: limit } = await getJson(
      questions,
      '/gateway/bot',
      gatewayBotSchema,
      token,
    )
    const { remaining, total } = limit
    return {
      value: { shards, remaining },
      detail:
        shards === 1
          ? say('doctor.detail.one-shard', { remaining, total })
          : say('doctor.detail.shards', { shards, remaining, total }),
    }
  })
}
