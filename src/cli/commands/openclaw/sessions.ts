import { messageText, type SessionRow } from '../../../openclaw/index.js'
import type { ExitCode } from '../../exit-codes.js'
import type { HistoryFlags, ListFlags } from './flags.js'
import type { GatewayFlags } from './flags.js'
import { withGateway } from './session.js'
import { printable, table } from './table.js'

export function list(flags: ListFlags): Promise<ExitCode> {
  return withGateway(flags, async (client) => {
    // Older gateways have no parameter for the two: so the rows are chosen here.
    const { sessions: all } = await client.sessionsList({ limit: 1_000 })
    const sessions = all.filter((row) => isWanted(row, flags))
    const rows = sessions.map(({ key, hasActiveRun, status, model, updatedAt }) => [
      key,
      hasActiveRun === true ? 'running' : (status ?? ''),
      model ?? '',
      updatedAt === undefined ? '' : new Date(updatedAt).toISOString(),
    ])
    const text =
      sessions.length === 0 ? 'no sessions' : table([['KEY', 'STATUS', 'MODEL', 'UPDATED'], ...rows])
    return { json: { count: sessions.length, sessions }, text }
  })
}

function isWanted(row: SessionRow, { active, kind }: ListFlags): boolean {
  if (active === true && row.hasActiveRun !== true && row.status !== 'running') return false
  if (kind === undefined) return true
  return kind === 'main' ? row.isMain === true : row.kind === kind || row.classification === kind
}

export function history(key: string, flags: HistoryFlags): Promise<ExitCode> {
  return withGateway(flags, async (client) => {
    const read = await client.sessionsHistory(key, flags.limit)
    const lines = read.messages.map((message) => `${message.role}: ${printable(messageText(message))}`)
    return { json: read, text: lines.length === 0 ? 'no messages' : lines.join('\n') }
  })
}

export function kill(key: string, flags: GatewayFlags): Promise<ExitCode> {
  return withGateway(flags, async (client) => {
    const stopped = await client.sessionsKill(key)
    return { json: stopped, text: stopped.status }
  })
}
