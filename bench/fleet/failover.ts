/**
 * 64 shards on 4 processes, one of them killed: how long until its shards have resumed elsewhere, and what became of the
 * events meanwhile. A real Redis, the lab's Discord and proxy.
 *
 *   tsx bench/fleet/failover.ts [--rounds 5]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { ChaosMember, memberProgram, Watch } from '../../test/fleet/chaos-lab.js'
import { RedisServer } from '../../test/fleet/redis-server.js'
import { createCertificateAuthority } from '../../test/lab/certificates.js'
import { startDiscord } from '../../test/lab/discord/index.js'
import { LabNames } from '../../test/lab/names.js'
import { startProxy } from '../../test/lab/proxy/index.js'

const SHARDS = 64
const MEMBERS = 4
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })

interface Failover {
  readonly noticedMs: number
  readonly resumedMs: number
  readonly moved: number
  readonly lost: number
  readonly again: number
}

async function measure(): Promise<Failover> {
  const names = new LabNames()
  const ca = await createCertificateAuthority()
  const [discord, redis, program] = await Promise.all([
    startDiscord({ names, ca, replayLimit: 100_000 }),
    RedisServer.start(),
    memberProgram(),
  ])
  discord.gateway.sessionStarts.maxConcurrency = SHARDS
  const proxy = await startProxy({ scheme: 'http', names })
  const folder = await mkdtemp(join(tmpdir(), 'discord-transport-bench-'))
  const caFile = join(folder, 'ca.pem')
  await writeFile(caFile, discord.ca)
  const watch = new Watch(discord, SHARDS)
  const args = [proxy.url, caFile, redis.url, String(SHARDS)]
  const members = Array.from({ length: MEMBERS }, (_, index) => {
    const member = new ChaosMember(`member-${index}`, program, args, discord.token)
    member.onLine = (line) => watch.line(member.name, line)
    return member
  })
  let number = 0
  // Ten events a second for each shard.
  const dispatching = setInterval(() => discord.gateway.dispatch('LAB', { number: ++number }), 100)
  const until = async (isSo: () => boolean): Promise<number> => {
    const since = performance.now()
    while (!isSo()) await sleep(5)
    return performance.now() - since
  }
  try {
    await until(() => watch.isBack(number))
    // The division has come to rest.
    await sleep(5_000)
    const before = discord.gateway.resumes.length
    await members[1]?.end('SIGKILL')
    const noticed = until(() => discord.gateway.resumes.length > before)
    const live = (): number =>
      discord.gateway.sessions.filter(({ connection }) => connection?.open === true).length
    const killedAt = performance.now()
    const noticedMs = await noticed
    await until(() => live() === SHARDS)
    const resumedMs = performance.now() - killedAt
    const moved = discord.gateway.resumes.length - before
    clearInterval(dispatching)
    await until(() => watch.isBack(number))
    await sleep(1_000)
    const lost = watch.lost().length
    return { noticedMs, resumedMs, moved, lost, again: watch.repeated }
  } finally {
    clearInterval(dispatching)
    await Promise.all(members.map((member) => member.end('SIGKILL')))
    await proxy.close()
    await discord.close()
    await redis.close()
    await rm(folder, { recursive: true, force: true })
  }
}

const rounds: object[] = []
for (let round = 0; round < Number(values.rounds); round += 1) {
  const { noticedMs, resumedMs, moved, lost, again } = await measure()
  rounds.push({
    'first resume, s': Number((noticedMs / 1_000).toFixed(1)),
    'all resumed, s': Number((resumedMs / 1_000).toFixed(1)),
    'shards moved': moved,
    'shards with lost events': lost,
    'events that came again': again,
  })
}
console.log(
  `Node ${process.version}, ${SHARDS} shards on ${MEMBERS} processes, one killed, 10 events a second each`,
)
console.table(rounds)
