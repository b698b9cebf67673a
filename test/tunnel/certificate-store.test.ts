import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { TlsSettings } from '../../src/config/index.js'
import { TlsClient } from '../../src/tunnel/tls.js'
import { createCertificateAuthority, labAuthority } from '../lab/certificates.js'

async function storeOf(settings: Partial<TlsSettings>): Promise<unknown> {
  const { certificate } = await labAuthority()
  return new TlsClient({
    ca: [certificate],
    caFile: undefined,
    cert: undefined,
    key: undefined,
    passphrase: undefined,
    servername: undefined,
    rejectUnauthorized: true,
    ...settings,
  }).options('discord.com').secureContext
}

// Node parses its 144 roots for each store: 40 ms in which the bot does nothing else.
test('clients that trust the same authorities share one store of certificates', async () => {
  const store = await storeOf({})
  expect(await storeOf({ rejectUnauthorized: false })).toBe(store)
  expect(await storeOf({})).toBe(store)
})

test('a client that trusts others, or has a certificate of its own, has its own store', async () => {
  const ca = await labAuthority()
  const other = await createCertificateAuthority()
  const { cert, key } = await ca.issue([], { clientAuth: true, commonName: 'bot' })
  const stores = [
    await storeOf({}),
    await storeOf({ ca: [other.certificate] }),
    await storeOf({ cert, key }),
    await storeOf({ cert, key }),
    await storeOf({ ca: undefined }),
  ]
  expect(new Set(stores).size).toBe(5)
})

// An inspecting proxy signs some hosts and not others.
test("a client that is given an authority trusts Node's own besides", async () => {
  const made = vi.spyOn(tls, 'createSecureContext')
  syncBuiltinESMExports()
  onTestFinished(() => {
    made.mockRestore()
    syncBuiltinESMExports()
  })
  const { certificate } = await createCertificateAuthority()
  await storeOf({ ca: [certificate] })
  expect(made).toHaveBeenCalledOnce()
  const trusted = made.mock.calls[0]?.[0]?.ca
  expect(trusted).toContain(certificate)
  // The number alone: the list of what is missing would be pages of certificates.
  expect(tls.rootCertificates.filter((root) => trusted?.includes(root) !== true).length).toBe(0)
})
