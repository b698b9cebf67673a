import { createCertificateAuthority } from '../../test/lab/certificates.js'
import { startDiscord, type FakeDiscord } from '../../test/lab/discord/index.js'
import { LabNames } from '../../test/lab/names.js'
import type { LabProxy } from '../../test/lab/proxy/index.js'
import { runBot } from './bot-process.js'
import { watchHops } from './hops.js'
import type { Check, Traffic } from './messages.js'
import { printReport } from './report.js'
import { startStage, type Scheme } from './schemes.js'
import { heading, print, Timeline } from './terminal.js'

const TIMEOUT_MS = 30_000

/** A bot, a proxy and a Discord of its own, all on this machine. Returns whether all went as it should. */
export async function runInLab(scheme: Scheme): Promise<boolean> {
  heading(`A Carbon bot behind a proxy of scheme ${scheme}, without any network`)
  print()
  const names = new LabNames()
  const ca = await createCertificateAuthority()
  const discord = await startDiscord({ names, ca })
  const stage = await startStage(scheme, names, ca)
  const { proxy } = stage
  try {
    const timeline = new Timeline()
    timeline.log('lab', `a fake Discord listens, and a proxy at 127.0.0.1:${proxy.port}`)
    timeline.log('lab', 'only that proxy knows where the names of Discord lead')
    watchHops(proxy, discord, timeline)
    const result = await runBot(
      {
        ...stage.settings,
        ca: discord.ca,
        token: discord.token,
        channelId: discord.channelId,
        asksItself: false,
      },
      {
        onSays: (who, text) => timeline.log(who, text),
        onReady() {
          timeline.log('human', 'says !ping')
          discord.sayAs(discord.human, '!ping')
        },
      },
      TIMEOUT_MS,
    )
    return printReport({
      proxy: 'the proxy, as it counted itself',
      traffic: countedBy(proxy, names),
      guard: result.guard,
      checks: [...result.checks, ...secrecy(proxy, discord)],
    })
  } finally {
    await stage.close()
    await discord.close()
  }
}

function countedBy(proxy: LabProxy, names: LabNames): Traffic[] {
  const byTarget = new Map<string, Traffic>()
  for (const { target, bytesUp, bytesDown } of proxy.established) {
    const { host = '', port = '' } = target ?? {}
    const owner = names.addresses.find(({ ipv4, ipv6 }) => ipv4 === host || ipv6 === host)?.host
    const name = owner === undefined ? `${host}:${port}` : `${owner}:${port}, by its address`
    const { tunnels, sent, received } = byTarget.get(name) ?? { tunnels: 0, sent: 0, received: 0 }
    byTarget.set(name, {
      target: name,
      tunnels: tunnels + 1,
      sent: sent + bytesUp,
      received: received + bytesDown,
    })
  }
  return [...byTarget.values()]
}

function secrecy(proxy: LabProxy, { rest, token }: FakeDiscord): Check[] {
  const heard = Buffer.concat(proxy.connections.map((connection) => connection.heard)).toString('latin1')
  return [
    { claim: "the proxy saw nothing of the bot's token", holds: !heard.includes(token) },
    {
      claim: "Discord saw nothing of the proxy's credentials",
      holds: rest.requests.every(({ headers }) => headers['proxy-authorization'] === undefined),
    },
  ]
}
