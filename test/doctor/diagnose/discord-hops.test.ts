import { describe, expect, test } from 'vitest'
import { startLab } from '../../support/lab.js'
import { diagnose, outcomeOf } from './diagnose.js'

describe('behind the tunnel', () => {
  test('with a token the doctor sees who the bot is, its shards, and READY', async () => {
    const lab = await startLab()
    const before = lab.discord.gateway.sessionStarts.remaining
    const { hops, ok } = await diagnose(lab, {}, { token: lab.discord.token })
    expect(ok).toBe(true)
    const details = Object.fromEntries(hops.map(({ id, detail }) => [id, detail]))
    expect(details['identity']).toBe(`bot ${lab.discord.user.id}`)
    expect(details['gateway-bot']).toMatch(/^1 shard, \d+ of 1000 session starts left$/)
    expect(hops.at(-1)).toMatchObject({ id: 'ready', status: 'ok' })
    // One start is used; the session is ended and not left to time out.
    expect(lab.discord.gateway.sessionStarts.remaining).toBe(before - 1)
    expect((await lab.discord.gateway.waitForClose()).closeCode).toBe(1000)
    expect(lab.discord.gateway.sessions).toEqual([])
  })

  test('a token that Discord refuses is named as that, and is shown nowhere', async () => {
    const lab = await startLab()
    const token = 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GlAbT0.this-is-no-token-of-any-bot-0123456789'
    const diagnosis = await diagnose(lab, {}, { token })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_TOKEN identity')
    expect(diagnosis.hops.find(({ id }) => id === 'ready')?.status).toBe('not-reached')
    expect(JSON.stringify(diagnosis)).not.toContain(token)
  })

  test('no session start left: IDENTIFY is not sent', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway/bot', () => ({
      json: {
        url: 'wss://gateway.discord.gg',
        shards: 1,
        session_start_limit: { total: 1_000, remaining: 0, reset_after: 1, max_concurrency: 1 },
      },
    }))
    const { hops, ok } = await diagnose(lab, {}, { token: lab.discord.token })
    expect(ok).toBe(false)
    expect(hops.at(-1)).toMatchObject({ status: 'not-reached', detail: 'no session start is left today' })
    expect(lab.discord.gateway.identifies).toEqual([])
  })

  test.each([
    [429, 'ERR_DISCORD_RATE_LIMIT'],
    [403, 'ERR_DISCORD_REFUSED'],
    [503, 'ERR_DISCORD_UNAVAILABLE'],
  ])('a %i of Discord is Discord’s: %s', async (status, code) => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => ({ status, body: 'no' }))
    expect(outcomeOf(await diagnose(lab))).toBe(`${code} rest`)
  })

  test('a login page in place of the API is not taken for Discord', async () => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => ({ body: '<html>Please log in</html>' }))
    expect(outcomeOf(await diagnose(lab))).toBe('ERR_DISCORD_ANSWER rest')
  })

  test('a gateway that refuses the upgrade is one failed hop; REST is still seen to work', async () => {
    const lab = await startLab()
    lab.discord.gateway.refuseUpgradeOnce({ status: 502 })
    const { hops } = await diagnose(lab)
    const status = Object.fromEntries(hops.map((hop) => [hop.id, hop.status]))
    expect(status).toMatchObject({ rest: 'ok', gateway: 'failed', cdn: 'ok' })
  })

  test('a READY that never comes is a failed hop within the time', async () => {
    const lab = await startLab()
    const transport = lab.createTransport()
    const running = transport.diagnose({ token: lab.discord.token, timeoutMs: 1_500, inContainer: false })
    const connection = await lab.discord.gateway.waitForConnection()
    connection.freeze()
    expect(outcomeOf(await running)).toMatch(/^ERR_TARGET_TIMEOUT (gateway|ready)$/)
  })
})
