import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { LabNames } from './names.js'

const names = new LabNames()
  .add('Gateway.discord.gg', 443, { host: '127.0.0.1', port: 1001 })
  .add('discord.com', 443, { host: '127.0.0.1', port: 1002 })
  .add('discord.com', 80, { host: '::1', port: 1003 })

test('a name leads where it was added, whatever its case and its last dot', () => {
  expect(names.resolve('gateway.discord.gg', 443)).toEqual({ host: '127.0.0.1', port: 1001 })
  expect(names.resolve('DISCORD.COM.', 443)).toEqual({ host: '127.0.0.1', port: 1002 })
  expect(names.resolve('discord.com', 80)).toEqual({ host: '::1', port: 1003 })
})

test('nothing else leads anywhere', () => {
  expect(names.resolve('discord.com', 8443)).toBeUndefined()
  expect(names.resolve('cdn.discord.com', 443)).toBeUndefined()
  expect(names.resolve('127.0.0.1', 1002)).toBeUndefined()
  expect([names.has('discord.com'), names.has('cdn.discord.com')]).toEqual([true, false])
})

test('a name can move, and can be removed', () => {
  const moving = new LabNames().add('a.lab', 1, { host: '127.0.0.1', port: 1 })
  const address = moving.addressOf('a.lab')
  moving.add('a.lab', 1, { host: '127.0.0.1', port: 2 })
  expect(moving.resolve('a.lab', 1)?.port).toBe(2)
  expect(moving.addressOf('a.lab')).toBe(address)
  expect(moving.remove('A.lab', 1)).toBe(true)
  expect(moving.resolve('a.lab', 1)).toBeUndefined()
  expect(moving.has('a.lab')).toBe(true)
})

test('each name has addresses that lead to the same place', () => {
  expect(names.addresses).toEqual([
    { host: 'gateway.discord.gg', ipv4: '198.51.100.1', ipv6: '2001:db8::1' },
    { host: 'discord.com', ipv4: '198.51.100.2', ipv6: '2001:db8::2' },
  ])
  expect(names.resolve('198.51.100.2', 443)).toEqual({ host: '127.0.0.1', port: 1002 })
  expect(names.resolve('[2001:0db8:0::0002]', 80)).toEqual({ host: '::1', port: 1003 })
  expect(names.resolve('198.51.100.3', 443)).toBeUndefined()
  expect(names.addressOf('discord.com', 6)).toBe('2001:db8::2')
  expect(() => names.addressOf('nowhere.lab')).toThrow('not a name of this lab')
})

test('lookup answers like dns.lookup, without asking anybody', async () => {
  const lookup = promisify<string, object, unknown>((host, options, callback) =>
    names.lookup(host, options, callback),
  )
  expect(await lookup('discord.com', {})).toBe('198.51.100.2')
  expect(await lookup('discord.com', { family: 6 })).toBe('2001:db8::2')
  expect(await lookup('discord.com', { all: true })).toEqual([
    { address: '198.51.100.2', family: 4 },
    { address: '2001:db8::2', family: 6 },
  ])
  expect(await lookup('discord.com', { all: true, family: 4 })).toHaveLength(1)
  await expect(lookup('nowhere.lab', {})).rejects.toMatchObject({
    code: 'ENOTFOUND',
    hostname: 'nowhere.lab',
  })
})
