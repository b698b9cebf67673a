import { ApplicationFlags, GatewayIntentBits } from 'discord-api-types/v10'
import { describe, expect, test } from 'vitest'
import { PRIVILEGED_INTENTS } from '../../../src/discord/intents.js'
import { startLab } from '../../support/lab.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const CONTENT = GatewayIntentBits.Guilds | GatewayIntentBits.GuildMessages | GatewayIntentBits.MessageContent

test('the table of privileged intents is that of discord-api-types', () => {
  expect(PRIVILEGED_INTENTS.map(({ bit, flags }) => [bit, ...flags])).toEqual([
    [
      GatewayIntentBits.GuildMembers,
      ApplicationFlags.GatewayGuildMembers,
      ApplicationFlags.GatewayGuildMembersLimited,
    ],
    [
      GatewayIntentBits.GuildPresences,
      ApplicationFlags.GatewayPresence,
      ApplicationFlags.GatewayPresenceLimited,
    ],
    [
      GatewayIntentBits.MessageContent,
      ApplicationFlags.GatewayMessageContent,
      ApplicationFlags.GatewayMessageContentLimited,
    ],
  ])
})

describe('with a token, the doctor says which privileged intents are on', () => {
  test.each([
    [0, 'privileged intents on: none; off: GUILD_MEMBERS, GUILD_PRESENCES, MESSAGE_CONTENT'],
    [
      ApplicationFlags.GatewayMessageContent,
      'privileged intents on: MESSAGE_CONTENT; off: GUILD_MEMBERS, GUILD_PRESENCES',
    ],
    [
      ApplicationFlags.GatewayMessageContentLimited | ApplicationFlags.GatewayGuildMembersLimited,
      'privileged intents on: GUILD_MEMBERS, MESSAGE_CONTENT; off: GUILD_PRESENCES',
    ],
  ])('flags %i: %s', async (flags, detail) => {
    const lab = await startLab()
    lab.discord.state.applicationFlags = flags
    const diagnosis = await diagnose(lab, {}, { token: lab.discord.token })
    expect(hopOf(diagnosis, 'intents')).toMatchObject({ status: 'ok', detail })
  })

  test('an intent that is on is identified with', async () => {
    const lab = await startLab()
    lab.discord.state.applicationFlags = ApplicationFlags.GatewayMessageContentLimited
    const diagnosis = await diagnose(lab, {}, { token: lab.discord.token, intents: CONTENT })
    expect(outcomeOf(diagnosis)).toBe('works')
    expect(lab.discord.gateway.identifies).toMatchObject([{ data: { intents: CONTENT } }])
  })

  test('an intent that is off fails with its name, and uses no session start', async () => {
    const lab = await startLab()
    const diagnosis = await diagnose(lab, {}, { token: lab.discord.token, intents: CONTENT })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_INTENTS intents')
    const { message, hint } = hopOf(diagnosis, 'intents')
    expect(message).toContain('MESSAGE_CONTENT')
    expect(hint).toContain('"Message Content Intent"')
    expect(hopOf(diagnosis, 'ready').status).toBe('not-reached')
    expect(hopOf(diagnosis, 'ready').detail).toContain('4014')
    expect(lab.discord.gateway.identifies).toEqual([])
  })

  test('close code 4014 is about intents, not about the route', async () => {
    const lab = await startLab()
    lab.discord.state.applicationFlags = ApplicationFlags.GatewayMessageContent
    lab.discord.gateway.rules.disallowedIntents = GatewayIntentBits.MessageContent
    const diagnosis = await diagnose(lab, {}, { token: lab.discord.token, intents: CONTENT })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_INTENTS ready')
    expect(hopOf(diagnosis, 'ready').hint).toContain('developer portal')
  })
})
