import { spawnSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { writeEtc } from '../real/etc.js'

/** Packets that left the bot's namespace, by what they were. */
export interface PacketCounts {
  /** To the proxy's address and port. */
  readonly proxy: number
  /** To anywhere else, the bot's own loopback included. */
  readonly stray: number
  /** Of all these, to port 53. */
  readonly dns: number
}

export const PROXY_ADDRESS = '10.203.1.1'
/** Where the proxies stand on the other side. */
export const EXTERNAL_ADDRESS = '10.203.2.1'
export const NAME_SERVER = '10.203.2.53'
const BOT_ADDRESS = '10.203.1.2'
const OUTSIDE_ADDRESS = '10.203.2.2'
/** On the bot's own link, so that a packet to it is sent, and nobody's. */
const NOBODY = '10.203.1.99'

/** The address of the n-th name of Discord's. */
export function discordAddress(number: number): string {
  return `10.203.2.${10 + number}`
}

type Place = 'bot' | 'proxies' | 'outside'

/**
 * Counts everything that leaves, whoever sent it and by whatever protocol, before it is routed anywhere. What
 * the kernel itself sends when an interface comes up is not the bot's: neighbour discovery, multicast reports.
 */
const BOT_FILTER = `table inet sealed {
  counter proxy { }
  counter stray { }
  counter dns { }
  set proxies { type ipv4_addr . inet_service; }
  chain output {
    type filter hook output priority 0; policy accept;
    meta l4proto { tcp, udp } th dport 53 counter name dns
    ip daddr . tcp dport @proxies counter name proxy accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report } accept
    counter name stray
  }
}`

/** Everything that arrives over a link vanishes. At the receiver, since a sender hears of its own filter. */
function blackoutFilter(from: Place): string {
  return `table inet blackout {
  chain prerouting {
    type filter hook prerouting priority -300; policy accept;
    iifname "${from}" drop
  }
}`
}

/** Three network namespaces in a row; the middle one forwards nothing, so proxies are the only way through. */
export class SealedNetwork implements AsyncDisposable {
  readonly #id = `dt-${process.pid}-${++count}`

  private constructor() {
    // open() builds it.
  }

  /** @param names those that the bot's hosts file knows, at an address where nobody is */
  static async open({ names = [] }: { readonly names?: readonly string[] } = {}): Promise<SealedNetwork> {
    sweep()
    const network = new SealedNetwork()
    try {
      await network.#build(names)
    } catch (error) {
      network.close()
      throw error
    }
    return network
  }

  /** The command that runs another in one of the namespaces. */
  within(place: Place, command: readonly string[]): readonly string[] {
    return ['ip', 'netns', 'exec', this.#name(place), ...command]
  }

  /** What the bot sends to the proxy at this port is no stray packet. */
  allowProxy(port: number): void {
    const element = `{ ${PROXY_ADDRESS} . ${port} }`
    this.#run('bot', ['nft', 'add', 'element', 'inet', 'sealed', 'proxies', element])
  }

  packets(): PacketCounts {
    const listed = this.#run('bot', ['nft', '-j', 'list', 'counters', 'table', 'inet', 'sealed'])
    const { nftables } = JSON.parse(listed) as {
      readonly nftables: readonly { readonly counter?: { readonly name: string; readonly packets: number } }[]
    }
    const count = (name: keyof PacketCounts): number => {
      const found = nftables.find(({ counter }) => counter?.name === name)?.counter
      if (found === undefined) throw new Error(`no counter ${name}`)
      return found.packets
    }
    return { proxy: count('proxy'), stray: count('stray'), dns: count('dns') }
  }

  /** From now on no packet passes between the bot and the proxies, and nobody is told. */
  startBlackout(): void {
    this.#run('bot', ['nft', '-f', '-'], blackoutFilter('proxies'))
    this.#run('proxies', ['nft', '-f', '-'], blackoutFilter('bot'))
  }

  endBlackout(): void {
    for (const place of ['bot', 'proxies'] as const)
      this.#run(place, ['nft', 'delete', 'table', 'inet', 'blackout'])
  }

  /** The namespaces take their interfaces and filters along. Every step is tried, whatever stands. */
  close(): void {
    for (const place of ['bot', 'proxies', 'outside'] as const) {
      spawnSync('ip', ['netns', 'delete', this.#name(place)])
      rmSync(`/etc/netns/${this.#name(place)}`, { recursive: true, force: true })
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }

  async #build(names: readonly string[]): Promise<void> {
    for (const place of ['bot', 'proxies', 'outside'] as const) {
      ip('netns', 'add', this.#name(place))
      this.#ip(place, 'link', 'set', 'lo', 'up')
    }
    const hosts = names.map((name) => `${NOBODY} ${name}`)
    await writeEtc(`/etc/netns/${this.#name('bot')}`, { hosts })
    await writeEtc(`/etc/netns/${this.#name('proxies')}`, { nameServer: NAME_SERVER })
    await writeEtc(`/etc/netns/${this.#name('outside')}`, {})
    this.#run('proxies', ['sysctl', '-qw', 'net.ipv4.ip_forward=0'])
    this.#run('bot', ['nft', '-f', '-'], BOT_FILTER)
    this.#link('bot', BOT_ADDRESS, PROXY_ADDRESS)
    this.#link('outside', OUTSIDE_ADDRESS, EXTERNAL_ADDRESS)
    const places = [NAME_SERVER, ...[1, 2, 3, 4, 5].map(discordAddress)]
    for (const address of places) this.#ip('outside', 'address', 'add', `${address}/24`, 'dev', 'proxies')
  }

  /** A cable between the proxies and one of the others, each end named after the far side. */
  #link(place: 'bot' | 'outside', address: string, proxyAddress: string): void {
    const [inner, middle] = [this.#name(place), this.#name('proxies')]
    ip('link', 'add', 'proxies', 'netns', inner, 'type', 'veth', 'peer', 'name', place, 'netns', middle)
    this.#ip(place, 'address', 'add', `${address}/24`, 'dev', 'proxies')
    this.#ip('proxies', 'address', 'add', `${proxyAddress}/24`, 'dev', place)
    this.#ip(place, 'link', 'set', 'proxies', 'up')
    this.#ip('proxies', 'link', 'set', place, 'up')
  }

  #name(place: Place): string {
    return `${this.#id}-${place}`
  }

  #ip(place: Place, ...args: readonly string[]): void {
    ip('-netns', this.#name(place), ...args)
  }

  #run(place: Place, command: readonly string[], input = ''): string {
    const [program = '', ...args] = this.within(place, command)
    return run(program, args, input)
  }
}

let count = 0

/** What runs that were killed have left behind. */
function sweep(): void {
  for (const line of run('ip', ['netns', 'list']).split('\n')) {
    const [name = ''] = line.split(' ')
    const pid = /^dt-(\d+)-/.exec(name)?.[1]
    if (pid === undefined || existsSync(`/proc/${pid}`)) continue
    const pids = run('ip', ['netns', 'pids', name]).split('\n').filter(Boolean)
    for (const left of pids) process.kill(Number(left), 'SIGKILL')
    run('ip', ['netns', 'delete', name])
    rmSync(`/etc/netns/${name}`, { recursive: true, force: true })
  }
}

function ip(...args: readonly string[]): void {
  run('ip', args)
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${String(status)}: ${stderr}`)
  return stdout
}
