import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { DISCORD_HOSTS, DISCORD_TARGETS, isDiscordHost } from '../../src/discord/hosts.js'

describe('isDiscordHost', () => {
  test.each([
    'discord.com',
    'DISCORD.com',
    'discord.com.',
    'canary.discord.com',
    'gateway.discord.gg',
    'gateway-us-east1-b.discord.gg',
    'cdn.discordapp.com',
    'images-ext-1.discordapp.net',
    'discord-attachments-uploads-prd.storage.googleapis.com',
    'rotterdam1234.discord.media',
    'a.b.discord.media',
  ])('%s is a host of Discord', (host) => {
    expect(isDiscordHost(host)).toBe(true)
  })

  test.each([
    'discord.com.evil.example',
    'evil-discord.com',
    'discord.gg.example',
    'evildiscord.gg',
    'gateway.discord.gg:443',
    'user@gateway.discord.gg',
    'images-ext-1.evil.discordapp.net',
    'images-ext-.discordapp.net',
    'storage.googleapis.com',
    'other.storage.googleapis.com',
    'discord.media',
    '.discord.gg',
    'gateway.discord.gg\n',
    '*.discord.gg',
    '12345.discordsays.com',
    '127.0.0.1',
    '',
  ])('%j is not a host of Discord', (host) => {
    expect(isDiscordHost(host)).toBe(false)
  })

  test('with a service only the hosts of that service count', () => {
    expect(isDiscordHost('gateway-us-east1-b.discord.gg', 'gateway')).toBe(true)
    expect(isDiscordHost('discord.gg', 'gateway')).toBe(false)
    expect(isDiscordHost('discord.com', 'gateway')).toBe(false)
    expect(isDiscordHost('cdn.discordapp.com', 'rest')).toBe(false)
  })

  test('each row of the table matches a host that it stands for', () => {
    for (const { pattern, service } of DISCORD_HOSTS)
      expect([pattern, isDiscordHost(pattern.replace('*', 'x1'), service)]).toEqual([pattern, true])
    for (const { host } of DISCORD_TARGETS) expect(isDiscordHost(host)).toBe(true)
  })
})

test('docs/proxies.md shows the table, row for row', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/proxies.md'), 'utf8')
  const table = page.slice(page.indexOf('| host '), page.indexOf('\n\n', page.indexOf('| host ')))
  const rows = table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, host = '', need, purpose]) => [host.replaceAll('`', ''), need, purpose])
  expect(rows).toEqual(
    DISCORD_HOSTS.map(({ pattern, required, purpose }) => [pattern, required ? 'always' : '', purpose]),
  )
})
