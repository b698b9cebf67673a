import { execFile, spawnSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  createCertificateAuthority,
  type CertificateAuthority,
  type IssuedCertificate,
} from './certificates.js'
import { requireRealProxies } from '../real/installed.js'

/** macOS has LibreSSL under this name, Windows nothing. */
const hasOpenssl = /^OpenSSL [3-9]/.test(String(spawnSync('openssl', ['version']).stdout))
if (!hasOpenssl) console.warn('SKIPPED: OpenSSL 3 is not there, so nobody but Node looks at the certificates')

let ca: CertificateAuthority
let leaf: IssuedCertificate

beforeAll(async () => {
  ca = await createCertificateAuthority('Test root')
  leaf = await ca.issue(['gateway.discord.gg', '*.discord.com', '127.0.0.1', '::1'])
})

describe('a certificate', () => {
  test('verifies in node:tls for each of its names, and for no other', async () => {
    const server = createServer(leaf, (socket) => socket.end())
    server.on('tlsClientError', () => undefined)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (typeof address !== 'object' || address === null) throw new Error('no port')
    const handshake = async (options: { servername?: string; ca?: string }): Promise<boolean> => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port: address.port, ...options })
      try {
        await once(socket, 'secureConnect')
        return socket.authorized
      } finally {
        socket.destroy()
      }
    }
    const trusted = { ca: ca.certificate }
    expect(await handshake({ ...trusted, servername: 'gateway.discord.gg' })).toBe(true)
    expect(await handshake({ ...trusted, servername: 'cdn.discord.com' })).toBe(true)
    expect(await handshake(trusted)).toBe(true)
    await expect(handshake({ ...trusted, servername: 'discord.gg' })).rejects.toThrow(/does not match/)
    await expect(handshake({ servername: 'gateway.discord.gg' })).rejects.toThrow(/unable to verify/)
    const other = await createCertificateAuthority('Test root')
    await expect(handshake({ ca: other.certificate, servername: 'gateway.discord.gg' })).rejects.toThrow()
    const closed = once(server, 'close')
    server.close()
    await closed
  })

  test.skipIf(!hasOpenssl && !requireRealProxies)(
    'verifies in OpenSSL, strictly and for its purpose',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'lab-certificates-'))
      onTestFinished(() => rm(folder, { recursive: true }))
      const client = await ca.issue([], { clientAuth: true, commonName: 'bot' })
      const expired = await ca.issue(['old.lab'], { expired: true })
      const files = { root: ca.certificate, leaf: leaf.cert, client: client.cert, expired: expired.cert }
      for (const [name, pem] of Object.entries(files)) await writeFile(join(folder, name), pem)
      const verify = (file: string, ...options: string[]): Promise<string> =>
        promisify(execFile)('openssl', ['verify', '-x509_strict', '-CAfile', 'root', ...options, file], {
          cwd: folder,
        }).then(({ stdout }) => stdout.trim())
      expect(await verify('leaf', '-purpose', 'sslserver')).toBe('leaf: OK')
      expect(await verify('leaf', '-verify_hostname', 'gateway.discord.gg')).toBe('leaf: OK')
      expect(await verify('leaf', '-verify_ip', '::1')).toBe('leaf: OK')
      expect(await verify('client', '-purpose', 'sslclient')).toBe('client: OK')
      await expect(verify('client', '-purpose', 'sslserver')).rejects.toThrow(/purpose/)
      await expect(verify('leaf', '-verify_ip', '127.0.0.2')).rejects.toThrow(/mismatch/)
      await expect(verify('expired')).rejects.toThrow(/expired/)
    },
  )

  test('says what it is', async () => {
    const root = new X509Certificate(ca.certificate)
    const certificate = new X509Certificate(leaf.cert)
    expect(root.ca).toBe(true)
    expect(certificate.ca).toBe(false)
    expect(certificate.checkIssued(root)).toBe(true)
    expect(certificate.subject).toBe('CN=gateway.discord.gg')
    expect(certificate.subjectAltName).toContain('IP Address:127.0.0.1')
    expect(certificate.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' })
    expect(Date.parse(certificate.validFrom)).toBeLessThan(Date.now() - 60_000)
    const named = new X509Certificate((await ca.issue(['x.lab'], { commonName: 'somebody' })).cert)
    expect(named.subject).toBe('CN=somebody')
    expect(named.serialNumber).not.toBe(certificate.serialNumber)
  })
})
