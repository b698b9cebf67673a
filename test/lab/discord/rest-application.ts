import { createHash } from 'node:crypto'
import { z } from 'zod'
import { unknownChannel, unknownGuild, unknownUser } from './api-errors.js'
import { jsonReply } from './http-reply.js'
import type { Route } from './router.js'
import type { SessionStarts } from './gateway-session-starts.js'
import type { DiscordState } from './state.js'

export interface ApplicationRoutesContext {
  readonly state: DiscordState
  readonly gatewayUrl: string
  readonly sessionStarts: SessionStarts
  readonly rules: { readonly requiredShards: number }
}

const recipient = z.object({ recipient_id: z.string() })

function route(method: string, pattern: string, handler: Route['handler']): Route {
  return { method, pattern, handler, authorization: 'bot' }
}

function guildRoutes(state: DiscordState): Route[] {
  const guildOnly = (id: string): void => {
    if (id !== state.guildId) throw unknownGuild()
  }
  return [
    route('GET', '/guilds/:guild', ({ param }) => {
      guildOnly(param('guild'))
      return jsonReply(200, state.guild())
    }),
    route('GET', '/guilds/:guild/channels', ({ param }) => {
      guildOnly(param('guild'))
      return jsonReply(200, state.guildCreate()['channels'])
    }),
    route('GET', '/guilds/:guild/roles', ({ param }) => {
      guildOnly(param('guild'))
      return jsonReply(200, state.guild()['roles'])
    }),
    route('GET', '/guilds/:guild/members/:user', ({ param }) => {
      guildOnly(param('guild'))
      const user = state.users.get(param('user'))
      if (!user) throw unknownUser()
      return jsonReply(200, state.member(user))
    }),
  ]
}

/** The gateway's address, the bot and its application, users, the guild. */
export function applicationRoutes({
  state,
  gatewayUrl,
  sessionStarts,
  rules,
}: ApplicationRoutesContext): Route[] {
  const application = () => ({
    id: state.applicationId,
    name: state.bot.username,
    icon: null,
    description: '',
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: createHash('sha256').update(state.applicationId).digest('hex'),
    flags: state.applicationFlags,
    bot: state.bot,
    summary: '',
  })
  return [
    { ...route('GET', '/gateway', () => jsonReply(200, { url: gatewayUrl })), authorization: 'none' },
    route('GET', '/gateway/bot', () =>
      jsonReply(200, { url: gatewayUrl, shards: rules.requiredShards, session_start_limit: sessionStarts }),
    ),
    route('GET', '/users/@me', () => jsonReply(200, { ...state.bot, mfa_enabled: true, verified: true })),
    route('GET', '/users/@me/guilds', () => jsonReply(200, [state.guild()])),
    route('GET', '/users/:user', ({ param }) => {
      const user = state.users.get(param('user'))
      if (!user) throw unknownUser()
      return jsonReply(200, user)
    }),
    route('POST', '/users/@me/channels', ({ request }) => {
      const body = recipient.safeParse(request.json)
      const user = body.success ? state.users.get(body.data.recipient_id) : undefined
      if (!user) throw unknownUser()
      return jsonReply(200, state.directChannel(user))
    }),
    route('GET', '/applications/@me', () => jsonReply(200, application())),
    route('GET', '/oauth2/applications/@me', () => jsonReply(200, application())),
    ...guildRoutes(state),
    route('POST', '/channels/:channel/webhooks', ({ param }) => {
      const channel = state.channels.get(param('channel'))
      if (!channel) throw unknownChannel()
      const { id, token } = state.addChannelWebhook(channel.id)
      return jsonReply(200, { id, token, type: 1, channel_id: channel.id, application_id: null })
    }),
  ]
}
