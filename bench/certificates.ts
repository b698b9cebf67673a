import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCertificateAuthority } from '../test/lab/certificates.js'

/** Of an authority that exists for one run, in a folder that goes with it. */
export interface Certificates {
  readonly folder: string
  readonly certFile: string
  readonly keyFile: string
  readonly caFile: string
  readonly remove: () => Promise<void>
}

export async function useCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  const authority = await createCertificateAuthority('Bench root')
  const { cert, key } = await authority.issue(['discord.com'])
  const write = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }
  return {
    folder,
    certFile: await write('cert.pem', cert),
    keyFile: await write('key.pem', key),
    caFile: await write('ca.pem', authority.certificate),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
