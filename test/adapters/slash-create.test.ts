import { SlashCreator } from 'slash-create'
import { describe, expect, it } from 'vitest'
import { clientOptions } from '../../src/adapters/slash-create/index.js'
import { startLab } from '../support/lab.js'
import { expectWarning } from '../lab/warnings.js'

const FILE = Buffer.alloc(8 * 1024 * 1024, 'a file of a command')

describe.each(['http', 'socks5'] as const)('slash-create through a proxy of scheme %s', (scheme) => {
  it('sends text and files, and edits', async () => {
    const { discord, proxy, transport } = await startLab({ scheme })
    const creator = new SlashCreator(
      clientOptions(transport, {
        applicationID: discord.user.id,
        token: discord.token,
        // The library leaves its timers running, and a test file waits for three seconds.
        rest: { requestTimeout: 2_500 },
      }),
    )
    expect(creator.requestHandler.options.requestTimeout).toBe(2_500)
    const path = `/channels/${discord.channelId}/messages`
    const { requestHandler } = creator
    const sent = await requestHandler.request<{ readonly id: string }>('POST', path, {
      auth: true,
      body: { content: 'a file' },
      files: [{ name: 'pöng.bin', file: FILE }],
    })
    await requestHandler.request('PATCH', `${path}/${sent.id}`, {
      auth: true,
      body: { content: 'a file, edited' },
    })

    expect(discord.messages.in(discord.channelId)).toMatchObject([
      { content: 'a file, edited', attachments: [{ size: FILE.length }] },
    ])
    expect(new Set(proxy.connections.map(({ target }) => target?.host))).toEqual(new Set(['discord.com']))
  })
})

describe('the options for slash-create', () => {
  it('keep what the bot gave, and warn of an agent at the top level, which slash-create never reads', async () => {
    const { transport } = await startLab()
    const warning = expectWarning(/agent of slash-create is never read/)
    const options = clientOptions(
      transport,
      Object.assign({ applicationID: '1', serverPort: 1 }, { agent: {} }),
    )
    expect(options).toMatchObject({ serverPort: 1, rest: { agent: transport.dispatcher } })
    await warning
  })
})
