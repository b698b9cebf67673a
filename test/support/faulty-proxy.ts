import type { LabNames } from '../lab/names.js'
import { startProxy, type LabProxy, type LabScheme, type NamedFault } from '../lab/proxy/index.js'
import { labAuthority } from '../lab/certificates.js'

export const FAULTY_PROXY_AUTH = { username: 'us:er', password: 'p@ss/w%rd' }

/** A proxy with one fault. It asks for credentials where the fault is about them. */
export async function startFaultyProxy(
  scheme: LabScheme,
  names: LabNames,
  { fault }: NamedFault,
): Promise<LabProxy> {
  const tls = scheme === 'https' ? { tls: { ca: await labAuthority() } } : {}
  const auth = JSON.stringify(fault).includes('auth') ? { auth: FAULTY_PROXY_AUTH } : {}
  return startProxy({ scheme, names, fault, ...tls, ...auth })
}
