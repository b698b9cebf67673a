import { describe, expect, test } from 'vitest'
import type { HopProgress } from '../../../src/index.js'
import type { CannedAnswer } from '../../lab/discord/index.js'
import { startLab } from '../../support/lab.js'
import { diagnose, hopOf, outcomeOf } from './diagnose.js'

const LOGIN_PAGE = '<!DOCTYPE html><title>Hotel</title><form>Please log in</form>'
const HTML = { 'content-type': 'text/html; charset=utf-8' }

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

  test('the reason of a close is shown without its control characters', async () => {
    const lab = await startLab()
    const { gateway, token } = lab.discord
    const onProgress = ({ id, status }: HopProgress): void => {
      if (id === 'gateway' && status === 'ok') gateway.closeAll(4000, 'gone\u001b[2J\r\n✓ all is well')
    }
    const diagnosis = await diagnose(lab, {}, { token, onProgress })
    expect(outcomeOf(diagnosis)).toBe('ERR_DISCORD_CLOSED ready')
    expect(hopOf(diagnosis, 'ready').message).toContain('4000 (gone[2J ✓ all is well)')
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

  test.each<[string, CannedAnswer, string]>([
    ['200 and a page', { body: LOGIN_PAGE, headers: HTML }, 'ERR_DISCORD_ANSWER rest'],
    ['200 and a page without a type', { body: LOGIN_PAGE }, 'ERR_DISCORD_ANSWER rest'],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://login.example/' } },
      'ERR_DISCORD_REFUSED rest',
    ],
    ['status 511', { status: 511, body: LOGIN_PAGE, headers: HTML }, 'ERR_DISCORD_UNAVAILABLE rest'],
  ])('%s in place of the API is called a login page', async (_name, answer, outcome) => {
    const lab = await startLab()
    lab.discord.rest.intercept('GET /gateway', () => answer)
    const diagnosis = await diagnose(lab)
    expect(outcomeOf(diagnosis)).toBe(outcome)
    expect(hopOf(diagnosis, 'rest').hint).toContain('A login page answers')
  })

  test.each<[string, CannedAnswer, string]>([
    ['200 and a page', { body: LOGIN_PAGE, headers: HTML }, 'ERR_DISCORD_ANSWER cdn'],
    ['404 and a page', { status: 404, body: LOGIN_PAGE, headers: HTML }, 'ERR_DISCORD_ANSWER cdn'],
    [
      'a redirect',
      { status: 302, headers: { location: 'http://login.example/' } },
      'ERR_DISCORD_REFUSED cdn',
    ],
  ])('%s in place of the CDN fails, and is called a login page', async (_name, answer, outcome) => {
    const lab = await startLab()
    lab.discord.cdn.intercept(
      () => true,
      () => answer,
    )
    const diagnosis = await diagnose(lab)
    expect(outcomeOf(diagnosis)).toBe(outcome)
    expect(hopOf(diagnosis, 'cdn').hint).toContain('A login page answers')
  })

  test.each<[number, string, string]>([
    [200, 'ERR_DISCORD_ANSWER', 'A login page answers'],
    [302, 'ERR_DISCORD_REFUSED', 'A login page answers'],
    [403, 'ERR_DISCORD_REFUSED', 'may block the address'],
    [426, 'ERR_DISCORD_REFUSED', 'Upgrade header'],
    [429, 'ERR_DISCORD_RATE_LIMIT', 'wait'],
    [502, 'ERR_DISCORD_UNAVAILABLE', 'discordstatus.com'],
    [503, 'ERR_DISCORD_UNAVAILABLE', 'discordstatus.com'],
  ])('an upgrade answered %i is %s; REST and CDN are still seen to work', async (status, code, hint) => {
    const lab = await startLab()
    lab.discord.gateway.refuseUpgradeOnce({ status, headers: HTML, body: LOGIN_PAGE })
    const diagnosis = await diagnose(lab)
    const statuses = Object.fromEntries(diagnosis.hops.map((hop) => [hop.id, hop.status]))
    expect(statuses).toMatchObject({ rest: 'ok', gateway: 'failed', cdn: 'ok' })
    expect(hopOf(diagnosis, 'gateway').code).toBe(code)
    expect(hopOf(diagnosis, 'gateway').message).toContain(String(status))
    expect(hopOf(diagnosis, 'gateway').hint).toContain(hint)
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
