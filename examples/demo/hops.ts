import type { FakeDiscord } from '../../test/lab/discord/index.js'
import type { LabProxy } from '../../test/lab/proxy/index.js'
import { formatBytes, type Timeline } from './terminal.js'

type Requests = FakeDiscord['rest'] | FakeDiscord['cdn']

/** Logs what the far side of the wire sees, as it sees it, until the lab closes. */
export function watchHops(proxy: LabProxy, discord: FakeDiscord, timeline: Timeline): void {
  follow(async (nth) => {
    const { target } = await proxy.waitForConnection((seen) => seen.id === nth && seen.target !== null)
    if (target === null) return
    const kind = target.addressType === 'name' ? 'a name' : 'an address'
    timeline.log('proxy', `opens tunnel ${nth} to ${target.host}:${target.port}, given as ${kind}`)
  })
  followRequests(discord.rest, 'rest', timeline)
  followRequests(discord.cdn, 'cdn', timeline)
  follow(async (nth) => {
    const { op } = await discord.gateway.waitForPayload(() => true, { nth, timeoutMs: NEVER })
    timeline.log('gateway', PAYLOADS[op] ?? `gets a payload of op ${op}`)
  })
}

/** Opcodes that a bot sends: https://discord.com/developers/docs/topics/opcodes-and-status-codes */
const PAYLOADS: Readonly<Record<number, string>> = {
  1: 'gets a heartbeat, and acknowledges it',
  2: 'gets IDENTIFY, and answers READY',
  6: 'gets RESUME, and answers RESUMED',
}

const NEVER = 600_000

function followRequests(server: Requests, hop: 'rest' | 'cdn', timeline: Timeline): void {
  follow(async (nth) => {
    const request = await server.waitForRequest(() => true, { nth, timeoutMs: NEVER })
    const path = request.route.replace(/\d{17,}/g, '…').replace(/(%[0-9A-F]{2})+/g, '…')
    const [file] = request.files
    const content = file === undefined ? '' : `, with ${file.filename} of ${formatBytes(file.size)}`
    timeline.log(hop, `${request.method} ${path}${content}`)
  })
}

/** One after the other, until the lab closes and refuses to wait any longer. */
function follow(step: (nth: number) => Promise<void>): void {
  const loop = async (): Promise<void> => {
    for (let nth = 1; ; nth += 1) await step(nth)
  }
  loop().catch(() => undefined)
}
