import { z } from 'zod'
import { invalidForm, unknownCommand } from './api-errors.js'
import { jsonReply, NO_CONTENT } from './http-reply.js'
import type { Call, Route } from './router.js'
import { snowflake } from './snowflake.js'
import type { Command, DiscordState } from './state.js'

const command = z.record(z.string(), z.unknown())
const commands = z.array(command)

/** Application commands, global ones and those of the guild. */
export function commandRoutes(state: DiscordState): Route[] {
  /** Stored under the scope they are deployed to; each gets an id, as on Discord. */
  const deploy = (scope: string, body: unknown, merge: boolean): readonly Command[] => {
    const parsed = commands.safeParse(body)
    if (!parsed.success) throw invalidForm(parsed.error)
    const deployed = parsed.data.map((fields) => ({
      type: 1,
      description: '',
      default_member_permissions: null,
      ...fields,
      id: snowflake(),
      application_id: state.applicationId,
      version: snowflake(),
    }))
    state.commands.set(scope, merge ? [...(state.commands.get(scope) ?? []), ...deployed] : deployed)
    return deployed
  }

  /** One command out of the scope it is deployed to, with the rest of that scope. */
  const find = ({ request, param }: Call): { scope: string; found: Command; others: readonly Command[] } => {
    const scope = request.route.slice(0, request.route.lastIndexOf('/'))
    const all = state.commands.get(scope) ?? []
    const found = all.find(({ id }) => id === param('command'))
    if (!found) throw unknownCommand()
    return { scope, found, others: all.filter((other) => other !== found) }
  }

  const route = (method: string, pattern: string, handler: Route['handler']): Route => ({
    method,
    pattern,
    handler,
    authorization: 'bot',
  })
  return ['/applications/:application/commands', '/applications/:application/guilds/:guild/commands'].flatMap(
    (pattern) => [
      route('GET', pattern, ({ request }) => jsonReply(200, state.commands.get(request.route) ?? [])),
      route('PUT', pattern, ({ request }) => jsonReply(200, deploy(request.route, request.json, false))),
      route('POST', pattern, ({ request }) => jsonReply(201, deploy(request.route, [request.json], true)[0])),
      route('GET', `${pattern}/:command`, (call) => jsonReply(200, find(call).found)),
      route('PATCH', `${pattern}/:command`, (call) => {
        const { scope, found, others } = find(call)
        const changed = { ...found, ...command.parse(call.request.json), id: found.id }
        state.commands.set(scope, [...others, changed])
        return jsonReply(200, changed)
      }),
      route('DELETE', `${pattern}/:command`, (call) => {
        const { scope, others } = find(call)
        state.commands.set(scope, others)
        return NO_CONTENT
      }),
    ],
  )
}
