import {
  OpenClawError,
  type OpenClawGatewayClient,
  type Reply,
  type SessionEvent,
} from '../../../openclaw/index.js'
import { EXIT, type ExitCode } from '../../exit-codes.js'
import type { SendFlags, SpawnFlags } from './flags.js'
import { refuseInAgentShell, withGateway, type Said } from './session.js'
import { printable } from './table.js'

export function send(key: string, message: string, flags: SendFlags): Promise<ExitCode> {
  refuseInAgentShell('openclaw sessions send', flags)
  return withGateway(flags, async (client) => {
    const run = await client.sessionsSend(key, message)
    return flags.wait ? answered(await client.reply(run, limits(flags))) : started(run)
  })
}

export function spawn(flags: SpawnFlags): Promise<ExitCode> {
  refuseInAgentShell('openclaw spawn', flags)
  return withGateway(flags, async (client) => {
    const { task, model, budget } = flags
    const created = await client.sessionsSpawn(model === undefined ? {} : { model })
    const { sessionKey } = created
    const purse = budget === undefined ? undefined : await watchCost(client, sessionKey, budget)
    const run = await client.sessionsSend(sessionKey, task)
    if (!flags.wait && purse === undefined) return started(run)
    try {
      const signal = purse?.signal
      const reply = await client.reply(run, { ...limits(flags), ...(signal === undefined ? {} : { signal }) })
      purse?.check()
      return answered(reply)
    } catch (error) {
      // Only a run that costs too much is stopped.
      if (purse?.signal.aborted === true) await client.sessionsKill(sessionKey).catch(() => undefined)
      throw error
    }
  })
}

function limits({ timeoutMs }: SendFlags) {
  return timeoutMs === undefined ? {} : { timeoutMs }
}

function started(run: {
  readonly runId: string
  readonly sessionKey: string
  readonly status: string
}): Said {
  return { json: run, text: `${run.status}: run ${run.runId} in ${run.sessionKey}`, code: EXIT.ok }
}

function answered(reply: Reply): Said {
  return { json: reply, text: printable(reply.text) }
}

/** Adds up what the messages of a session cost. The signal aborts with the message that passes the budget. */
async function watchCost(client: OpenClawGatewayClient, sessionKey: string, budget: number) {
  const stop = new AbortController()
  let spent = 0
  const look = (event: SessionEvent): void => {
    if (event.event !== 'session.message' || stop.signal.aborted) return
    const cost = costOf(event.payload, sessionKey)
    if (cost === undefined) return
    if (cost === 'unknown') stop.abort(noCost(sessionKey))
    else {
      spent += cost
      if (spent > budget) stop.abort(tooExpensive(sessionKey, spent, budget))
    }
  }
  client.on('session', look)
  await client.request('sessions.messages.subscribe', { key: sessionKey })
  return {
    signal: stop.signal,
    /** The last message and the end of the run come at the same time. */
    check: () => stop.signal.throwIfAborted(),
  }
}

/** What a message cost, in US dollars; undefined for one that costs nothing by its nature. */
function costOf(payload: object, sessionKey: string): number | 'unknown' | undefined {
  if (fieldOf(payload, 'sessionKey') !== sessionKey) return undefined
  const message = fieldOf(payload, 'message')
  if (fieldOf(message, 'role') !== 'assistant') return undefined
  const total = fieldOf(fieldOf(fieldOf(message, 'usage'), 'cost'), 'total')
  return typeof total === 'number' && total > 0 ? total : 'unknown'
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function tooExpensive(sessionKey: string, spent: number, budget: number): OpenClawError {
  return stopped(
    'budget',
    `The run in ${sessionKey} cost ${spent.toFixed(6)} USD, and the budget was ${budget}`,
    'It was stopped after the message that passed the budget. Give more --budget to let it go on.',
  )
}

function noCost(sessionKey: string): OpenClawError {
  return stopped(
    'no-cost',
    `The model of ${sessionKey} reports no cost, so --budget cannot be kept`,
    'The run was stopped. Leave --budget out, or give the model its prices in OpenClaw’s configuration.',
  )
}

function stopped(reason: string, message: string, hint: string): OpenClawError {
  return new OpenClawError(message, {
    code: 'ERR_OPENCLAW_RUN',
    reason,
    hint,
    retryable: false,
    sent: 'maybe',
  })
}
