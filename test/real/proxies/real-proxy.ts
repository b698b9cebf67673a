import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ability, ProxyUnderTest } from '../../cases/index.js'
import type { CertificateAuthority } from '../../lab/certificates.js'
import { Daemon } from '../daemon.js'

/** What every proxy that has a policy is told to refuse. */
export const DENIED_HOST = 'media.discordapp.net'

/** Characters that mean something in a URL, in Basic (RFC 7617 §2) or in a shell. */
export const CREDENTIALS = { username: 'discord-bot', password: 'p@ss:w/r%d$1' }

/** Where the proxies of one run live. */
export interface ProxySite {
  /** The address on which they listen. */
  readonly host: string
  /** The address from which they reach Discord. */
  readonly external: string
  /** The resolver that knows Discord's names. */
  readonly nameServer: string
  readonly directory: string
  readonly ca: CertificateAuthority
  readonly within: (command: readonly string[]) => readonly string[]
  readonly freePort: () => Promise<number>
}

/** A proxy from Debian's packages with one configuration. */
export interface RealProxy {
  /** The program and what is special about the configuration. */
  readonly name: string
  readonly packages: readonly string[]
  readonly programs: readonly string[]
  readonly has: readonly Ability[]
  readonly start: (desk: ProxyDesk) => Promise<Pick<ProxyUnderTest, 'url'> & Partial<ProxyUnderTest>>
}

/** What starts a proxy's programs and ends them again. */
export class ProxyDesk {
  readonly site: ProxySite
  readonly directory: string
  readonly #daemons: Daemon[] = []
  readonly #cleanup: (() => void | Promise<void>)[] = []

  private constructor(site: ProxySite, directory: string) {
    this.site = site
    this.directory = directory
  }

  /** A folder of its own: some proxies drop their rights before they write, so anybody may. */
  static async open(site: ProxySite, name: string): Promise<ProxyDesk> {
    const directory = join(site.directory, name.replaceAll(/\W+/g, '-'))
    await mkdir(directory, { recursive: true })
    // Not by mkdir's mode, from which the umask takes away.
    await chmod(directory, 0o777)
    return new ProxyDesk(site, directory)
  }

  /** Writes a file of the configuration, and says where. */
  async write(name: string, content: string): Promise<string> {
    const file = join(this.directory, name)
    await writeFile(file, content, { mode: 0o644 })
    return file
  }

  /** A certificate of the run's authority for the address of the proxies. */
  async certificate(): Promise<{ readonly cert: string; readonly key: string }> {
    const { cert, key } = await this.site.ca.issue([this.site.host])
    return { cert: await this.write('cert.pem', cert), key: await this.write('key.pem', key) }
  }

  async run(port: number, program: string, args: readonly string[]): Promise<void> {
    this.#daemons.push(await Daemon.start({ program, args, port, within: this.site.within }))
  }

  /** What has to be undone when the proxy is stopped. */
  atEnd(undo: () => void | Promise<void>): void {
    this.#cleanup.push(undo)
  }

  /** All programs die, as in a power cut. */
  async kill(): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.kill()))
  }

  /** All programs start again, on the same ports. */
  async revive(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.start()
  }

  async stop(): Promise<void> {
    await Promise.all(this.#daemons.map((daemon) => daemon.stop()))
    for (const undo of this.#cleanup.splice(0).reverse()) await undo()
  }
}

/** A proxy that runs. */
export interface RunningProxy {
  readonly under: ProxyUnderTest
  kill(): Promise<void>
  revive(): Promise<void>
  stop(): Promise<void>
}

/** Starts a proxy; what was begun is ended again where that fails. */
export async function startRealProxy(proxy: RealProxy, site: ProxySite): Promise<RunningProxy> {
  const desk = await ProxyDesk.open(site, proxy.name)
  try {
    const started = await proxy.start(desk)
    return {
      under: {
        refusedUrls: [],
        says: {},
        restart: async () => {
          await desk.kill()
          await desk.revive()
        },
        ...started,
      },
      kill: () => desk.kill(),
      revive: () => desk.revive(),
      stop: () => desk.stop(),
    }
  } catch (error) {
    await desk.stop()
    throw error
  }
}

/** A proxy URL, credentials percent-encoded. */
export function proxyUrl(
  scheme: string,
  { host }: ProxySite,
  port: number,
  credentials?: { readonly username: string; readonly password?: string },
): string {
  const { username = '', password } = credentials ?? {}
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  const user = credentials === undefined ? '' : `${encodeURIComponent(username)}${secret}@`
  return `${scheme}://${user}${host}:${port}`
}

/** The URLs that a proxy with {@link CREDENTIALS} must refuse: a wrong password, and none. */
export function refusedUrls(scheme: string, site: ProxySite, port: number): readonly string[] {
  return [proxyUrl(scheme, site, port, { ...CREDENTIALS, password: 'wrong' }), proxyUrl(scheme, site, port)]
}
