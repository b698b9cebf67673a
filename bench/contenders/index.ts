import { findPeer } from '../peers/resolve.js'

export interface Contender {
  /** Also what `--only` takes. */
  readonly name: string
  /** In this folder, without `.ts`. */
  readonly file: string
  readonly proxy: 'http' | 'socks5'
  /** `ours` and `fetch` are drop-in fetches; `request` is undici's lower API; `framework` stands above a fetch. */
  readonly kind: 'ours' | 'fetch' | 'request' | 'framework'
  /** Packages that must be installed. */
  readonly peers?: readonly string[]
  /** Runs with the Node of BENCH_NODE22. */
  readonly node22?: boolean
  /** A variable of the environment on which the file depends. */
  readonly env?: Readonly<Record<string, string>>
  /** Whether it goes through a proxy at all. */
  readonly direct?: true
  /** What a process imports to use it; the project's own entry is put in for `ours`. */
  readonly imports: readonly string[]
}

/** Every ratio of the tables is to this one. */
export const BASE = 'undici.request + ProxyAgent'
export const OURS = 'discord-transport'
export const OURS_SOCKS = 'discord-transport, socks5'

/** The rows of the tables, in their order. */
export const CONTENDERS: readonly Contender[] = [
  {
    name: 'undici.request, no proxy',
    file: 'undici-direct',
    proxy: 'http',
    kind: 'request',
    direct: true,
    imports: ['undici'],
  },
  { name: BASE, file: 'undici-request', proxy: 'http', kind: 'request', imports: ['undici'] },
  { name: OURS, file: 'ours', proxy: 'http', kind: 'ours', imports: ['ours'] },
  {
    name: 'undici.fetch + ProxyAgent',
    file: 'undici-fetch',
    proxy: 'http',
    kind: 'fetch',
    imports: ['undici'],
  },
  {
    name: 'node-fetch + HttpsProxyAgent, kept alive',
    file: 'node-fetch-kept',
    proxy: 'http',
    kind: 'fetch',
    peers: ['node-fetch'],
    imports: ['node-fetch', 'https-proxy-agent'],
  },
  {
    name: 'node-fetch + HttpsProxyAgent, one each',
    file: 'node-fetch-each',
    proxy: 'http',
    kind: 'fetch',
    peers: ['node-fetch'],
    imports: ['node-fetch', 'https-proxy-agent'],
  },
  { name: OURS_SOCKS, file: 'ours', proxy: 'socks5', kind: 'ours', imports: ['ours'] },
  {
    name: 'undici.fetch + Socks5ProxyAgent',
    file: 'undici-socks',
    proxy: 'socks5',
    kind: 'fetch',
    imports: ['undici'],
  },
  {
    name: 'undici.fetch + fetch-socks',
    file: 'fetch-socks',
    proxy: 'socks5',
    kind: 'fetch',
    peers: ['fetch-socks'],
    imports: ['undici', 'fetch-socks'],
  },
  {
    name: '@discordjs/rest + ProxyAgent',
    file: 'discordjs-rest-own',
    proxy: 'http',
    kind: 'framework',
    imports: [],
  },
  {
    name: '@discordjs/rest + discord-transport',
    file: 'discordjs-rest-ours',
    proxy: 'http',
    kind: 'framework',
    imports: [],
  },
  {
    name: 'discord-transport (Node 22)',
    file: 'ours',
    proxy: 'http',
    kind: 'ours',
    node22: true,
    imports: ['ours'],
  },
  {
    name: 'NODE_USE_ENV_PROXY (Node 22)',
    file: 'env-proxy',
    proxy: 'http',
    kind: 'fetch',
    node22: true,
    // Node reads the URL at its start; each client then gets its own proxy.
    env: { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: 'http://127.0.0.1:9' },
    imports: [],
  },
  {
    name: '@openclaw/proxyline (Node 22)',
    file: 'proxyline',
    proxy: 'http',
    kind: 'fetch',
    node22: true,
    peers: ['@openclaw/proxyline'],
    imports: ['@openclaw/proxyline'],
  },
]

/** Why a contender cannot run here; undefined if it can. */
export function whyNot({ peers = [], node22 }: Contender): string | undefined {
  const missing = peers.filter((peer) => findPeer(peer) === undefined)
  if (missing.length > 0) return `${missing.join(', ')} is not installed (npm run bench:peers)`
  if (node22 === true && process.env['BENCH_NODE22'] === undefined) return 'needs BENCH_NODE22=/path/to/node'
  return undefined
}
