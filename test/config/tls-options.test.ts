import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseOptions } from '../../src/config/index.js'
import { createCertificateAuthority, type IssuedCertificate } from '../lab/certificates.js'
import { configErrorOf, expectNoneShown } from './secrecy.js'

const folder = mkdtempSync(join(tmpdir(), 'tls-options-'))
let ca: string
let client: IssuedCertificate
let other: IssuedCertificate
let encryptedKey: string

beforeAll(async () => {
  const authority = await createCertificateAuthority()
  ca = authority.certificate
  client = await authority.issue(['client.example'], { clientAuth: true })
  other = await authority.issue(['other.example'], { clientAuth: true })
  const key = createPrivateKey(client.key)
  encryptedKey = key
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'qzjphrase' })
    .toString()
})

afterAll(() => rmSync(folder, { recursive: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

describe.each(['tls', 'proxyTls'] as const)('%s', (hop) => {
  const settingsOf = (options: object) => parseOptions({ [hop]: options })[hop]
  const messageOf = (options: object) => configErrorOf(() => parseOptions({ [hop]: options })).message

  it('ca and caFile are one list, read at creation', () => {
    const caFile = file('ca.pem', `a comment\r\n${ca}\n${ca}`)
    const settings = settingsOf({ ca: [ca, Buffer.from(ca)], caFile })
    expect(settings.ca?.map(String)).toEqual([ca, ca, `a comment\r\n${ca}\n${ca}`])
    expect(settingsOf({ ca }).ca).toEqual([ca])
    expect(settingsOf({ caFile }).ca).toHaveLength(1)
    expect(settingsOf({}).ca).toBeUndefined()
  })

  it('a client certificate keeps its key out of sight', () => {
    const settings = settingsOf({
      cert: client.cert,
      key: encryptedKey,
      passphrase: 'qzjphrase',
      servername: 'a.b',
    })
    expect(settings).toMatchObject({ cert: client.cert, servername: 'a.b', rejectUnauthorized: true })
    expect(settings.key).toBe(encryptedKey)
    expect(settings.passphrase).toBe('qzjphrase')
    const [, secondLine = ''] = encryptedKey.split('\n')
    expectNoneShown(settings, ['qzjphrase', secondLine, 'ENCRYPTED PRIVATE KEY'])
  })

  it('rejectUnauthorized: false is kept', () => {
    expect(settingsOf({ rejectUnauthorized: false }).rejectUnauthorized).toBe(false)
  })

  it('a caFile that cannot be used is named, and its path is not', () => {
    const bad = [
      [join(folder, 'qzj-missing.pem'), 'cannot be read (ENOENT)'],
      [folder, 'must be a regular file'],
      ['/dev/zero', 'must be a regular file'],
      ['', 'cannot be read (ENOENT)'],
      ['qzj\u0000', 'cannot be read (ERR_INVALID_ARG_VALUE)'],
      [file('qzj-empty.pem', ''), 'must hold a certificate in PEM format'],
      [file('qzj-der.pem', Buffer.from(ca.replace(/-----.*-----/g, ''), 'base64')), 'in PEM format'],
      [file('qzj-key.pem', client.key), 'must hold a certificate in PEM format'],
      [file('qzj-torn.pem', `${ca}${ca.replace(/\n.{20}/, '\n')}`), 'a certificate that cannot be read'],
    ] as const
    for (const [caFile, expected] of bad) {
      const error = configErrorOf(() => parseOptions({ [hop]: { caFile } }))
      expect(error.message).toMatch(new RegExp(`^${hop}\\.caFile: `))
      expect(error.message).toContain(expected)
      expectNoneShown(error, ['qzj', folder])
    }
  })

  it('what is not PEM is named', () => {
    expect(messageOf({ ca: 'qzj' })).toBe(`${hop}.ca: must hold a certificate in PEM format`)
    expect(messageOf({ ca: [ca, Buffer.alloc(9)] })).toContain(`${hop}.ca: must hold a certificate`)
    expect(messageOf({ ca: [] })).toContain(`${hop}.ca: must be PEM as a string or a Buffer, or an array`)
    expect(messageOf({ ca: 1 })).toContain(`${hop}.ca: must be PEM`)
    expect(messageOf({ caFile: 1 })).toBe(`${hop}.caFile: must be the path of a PEM file`)
    expect(messageOf({ cert: client.key, key: client.cert })).toBe(
      `${hop}.cert: must hold a certificate in PEM format; ${hop}.key: must hold a private key in PEM format`,
    )
    expect(messageOf({ cert: 1, key: {} })).toMatch(/cert: must be PEM.*key: must be PEM/)
  })

  it('certificate, key and passphrase have to fit each other', () => {
    const { cert, key } = client
    expect(messageOf({ cert })).toBe(`${hop}.key: is needed with cert`)
    expect(messageOf({ key })).toBe(`${hop}.cert: is needed with key`)
    expect(messageOf({ cert, key: other.key })).toBe(`${hop}.cert: does not belong to key`)
    expect(messageOf({ cert, key: encryptedKey })).toBe(`${hop}.passphrase: is needed: the key is encrypted`)
    expect(messageOf({ cert, key: encryptedKey, passphrase: 'qzj' })).toBe(
      `${hop}.key: holds a private key that cannot be read`,
    )
  })

  it.each(['', '127.0.0.1', '::1', 'a b', 'a\n', 5])('servername %j is refused', (servername) => {
    expect(messageOf({ servername })).toBe(`${hop}.servername: must be a host name, not an IP address`)
  })

  it('the other fields are checked by type', () => {
    expect(messageOf({ passphrase: 5 })).toBe(`${hop}.passphrase: must be a string`)
    expect(messageOf({ rejectUnauthorized: 0 })).toBe(`${hop}.rejectUnauthorized: must be true or false`)
  })
})
