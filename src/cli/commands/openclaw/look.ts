import type { ExitCode } from '../../exit-codes.js'
import { table } from './table.js'
import type { GatewayFlags } from './flags.js'
import { withGateway } from './session.js'

export function connect(flags: GatewayFlags): Promise<ExitCode> {
  return withGateway(flags, (client) => {
    const { hello } = client
    const json = {
      protocol: hello?.protocol,
      server: hello?.server,
      auth: hello?.auth,
      policy: hello?.policy,
    }
    const text = table([
      ['gateway', hello?.server.version ?? ''],
      ['protocol', String(hello?.protocol ?? '')],
      ['as', `${hello?.auth.role ?? ''} by ${hello?.auth.method ?? 'nothing'}`],
      ['scopes', hello?.auth.scopes.join(' ') ?? ''],
      ['methods', String(hello?.features.methods.length ?? 0)],
    ])
    return Promise.resolve({ json, text })
  })
}

export function status(flags: GatewayFlags): Promise<ExitCode> {
  return withGateway(flags, async (client) => {
    const [state, health, list] = await Promise.all([
      client.request('status'),
      client.request('health'),
      client.sessionsList({ limit: 100 }),
    ])
    const running = list.sessions.filter(({ hasActiveRun }) => hasActiveRun === true).length
    const text = table([
      ['gateway', client.hello?.server.version ?? ''],
      ['health', health['ok'] === true ? 'ok' : 'not ok'],
      ['sessions', `${list.totalCount ?? list.count}, ${running} running`],
      ['default model', modelOf(list['defaults'])],
    ])
    return { json: { status: state, health }, text }
  })
}

function modelOf(defaults: unknown): string {
  return typeof defaults === 'object' && defaults !== null && 'model' in defaults
    ? String(defaults.model)
    : ''
}
