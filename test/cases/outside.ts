import type { CertificateAuthority } from '../lab/certificates.js'
import {
  CDN_HOST,
  GATEWAY_HOST,
  MEDIA_HOST,
  REST_HOST,
  startDiscord,
  type DiscordOptions,
  type FakeDiscord,
} from '../lab/discord/index.js'
import { LabNames, type LabAddress } from '../lab/names.js'
import { Front } from './front.js'

export interface OutsideOptions extends Omit<DiscordOptions, 'names'> {
  readonly ca: CertificateAuthority
  /** Where the door to the n-th name (from 1) listens. Default: any free port of 127.0.0.1. */
  readonly placeOf?: (number: number) => LabAddress
}

/** What a proxy can reach: the fake Discord, behind one door for each of its names. */
export interface Outside {
  readonly discord: FakeDiscord
  /** The names lead to the doors. */
  readonly names: LabNames
  /** By name. */
  readonly fronts: ReadonlyMap<string, Front>
  /** Sums over all doors. */
  totals(): { readonly connections: number; readonly received: number; readonly sent: number }
  close(): Promise<void>
}

export async function startOutside({ placeOf, ...options }: OutsideOptions): Promise<Outside> {
  const names = new LabNames()
  const discord = await startDiscord({ ...options, names })
  const fronts = new Map<string, Front>()
  const hosts = [REST_HOST, GATEWAY_HOST, discord.resumeHost, CDN_HOST, MEDIA_HOST]
  for (const [index, host] of hosts.entries()) {
    const server = names.resolve(host, 443)
    if (server === undefined) throw new Error(`${host} leads nowhere`)
    const place = placeOf?.(index + 1) ?? { host: '127.0.0.1', port: 0 }
    const front = await Front.listen(place, server)
    fronts.set(host, front)
    names.add(host, 443, front.address)
  }
  const sum = (of: (front: Front) => number): number =>
    [...fronts.values()].reduce((total, front) => total + of(front), 0)
  return {
    discord,
    names,
    fronts,
    totals: () => ({
      connections: sum(({ connections }) => connections),
      received: sum(({ received }) => received),
      sent: sum(({ sent }) => sent),
    }),
    close: async () => {
      await Promise.all([...fronts.values()].map((front) => front.close()))
      await discord.close()
    },
  }
}
