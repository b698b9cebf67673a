/** A lab proxy and the fake Discord behind it, in a process of their own. Ends with its parent. */
import { startDiscord } from '../../test/lab/discord/index.js'
import { LabNames } from '../../test/lab/names.js'
import { startProxy } from '../../test/lab/proxy/index.js'

/** What the client needs to know of them. */
export interface Servers {
  readonly proxy: string
  readonly ca: string
  readonly token: string
  readonly url: string
}

const names = new LabNames()
const discord = await startDiscord({ names })
const proxy = await startProxy({ scheme: 'http', names })
const servers: Servers = {
  proxy: proxy.url,
  ca: discord.ca,
  token: discord.token,
  url: `https://discord.com/api/v10/channels/${discord.channelId}/messages`,
}
process.send?.(servers)
process.once('disconnect', () => process.exit())
