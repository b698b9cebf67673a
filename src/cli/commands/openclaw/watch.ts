import { setTimeout as sleep } from 'node:timers/promises'
import type { EventFrame, OpenClawGatewayClient } from '../../../openclaw/index.js'
import { EXIT, type ExitCode } from '../../exit-codes.js'
import type { WatchFlags } from './flags.js'
import { print, styleFor } from '../../text/terminal.js'
import { withGateway } from './session.js'
import { printable } from './table.js'

/** Ctrl-C ends it well. */
export async function watch(flags: WatchFlags): Promise<ExitCode> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    return await withGateway(flags, (client) => follow(client, flags, stop.signal), {
      reconnect: true,
      subscriptions: ['sessions', ...(flags.session ?? [])],
    })
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

async function follow(client: OpenClawGatewayClient, { json }: WatchFlags, signal: AbortSignal) {
  const { dim } = styleFor(process.stdout)
  const line = (name: string, text: string): string =>
    `${dim(new Date().toISOString().slice(11, 23))} ${name.padEnd(18)} ${printable(text).replace(/\s+/g, ' ').slice(0, 200)}\n`
  const write = (name: string, object: unknown, text: string): Promise<void> =>
    print(json === true ? `${JSON.stringify({ event: name, ...asFields(object) })}\n` : line(name, text))
  client.on('disconnected', (gone) => void write('disconnected', gone, gone.reason))
  client.on('restarted', (restarted) => void write('restarted', restarted, restarted.version))
  client.on('gap', (gap) => void write('gap', gap, `${gap.missed} events were lost`))
  await write('connected', {}, client.hello?.server.version ?? '')
  for await (const frame of client.stream('event', { signal }))
    await write(frame.event, { payload: frame.payload }, textOf(frame))
  // What the listeners above have written goes out first.
  await sleep(0)
  return { json: { stopped: true }, text: '', code: EXIT.ok }
}

function asFields(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** What of an event is worth a line. */
function textOf({ payload }: EventFrame): string {
  const { sessionKey, state, phase, deltaText, reason, stream, errorMessage } = payload
  return [sessionKey, state, phase, stream, reason, deltaText, errorMessage]
    .filter((part) => typeof part === 'string')
    .join(' ')
}
