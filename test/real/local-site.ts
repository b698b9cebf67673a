import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startOutside, type Outside } from '../cases/outside.js'
import { createCertificateAuthority } from '../lab/certificates.js'
import { freePort } from '../support/free-port.js'
import { writeEtc, withEtc } from './etc.js'
import { NameServer } from './name-server.js'
import type { ProxySite } from './proxies/index.js'

/** Free ports of loopback for the proxies, and the fake Discord where only they can find it. */
export interface LocalSite {
  readonly site: ProxySite
  readonly outside: Outside
  readonly nameServer: NameServer
  close(): Promise<void>
}

/** All of 127/8 is loopback on Linux: each name has an address of its own there, and its real port. */
const NAME_SERVER = '127.66.0.53'
const DISCORD_PORT = 443

/** Needs a network namespace of its own, for port 443 and for the certainty that nothing else answers. */
export async function openLocalSite(): Promise<LocalSite> {
  const ca = await createCertificateAuthority()
  const directory = await mkdtemp(join(tmpdir(), 'discord-transport-real-'))
  await chmod(directory, 0o755)
  const etc = join(directory, 'etc')
  await writeEtc(etc, { nameServer: NAME_SERVER })
  const outside = await startOutside({
    ca,
    placeOf: (number) => ({ host: `127.66.0.${number}`, port: DISCORD_PORT }),
  })
  const nameServer = await NameServer.listen(NAME_SERVER, outside.names)
  return {
    site: {
      host: '127.0.0.1',
      external: '127.0.0.1',
      nameServer: NAME_SERVER,
      directory,
      ca,
      within: (command) => withEtc(etc, command),
      freePort,
    },
    outside,
    nameServer,
    close: async () => {
      await nameServer.close()
      await outside.close()
      await rm(directory, { recursive: true })
    },
  }
}
