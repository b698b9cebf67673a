/**
 * What `policy` prints, loaded into real proxies: destinations and clients of both address families. The whole run
 * has a network namespace of its own, whose loopback interface gets the addresses of the destinations.
 */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer as createHttpServer } from 'node:http'
import { createServer, type Server } from 'node:net'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { DENIED_NAMES, DENIED_RANGES, egressPolicy, POLICY_FORMATS } from '../../src/doctor/index.js'
import {
  validateProxy,
  type PolicyCheck,
  type ProxyValidation,
  type ValidateOptions,
} from '../../src/index.js'
import { createCertificateAuthority, type CertificateAuthority } from '../lab/certificates.js'
import { LabNames } from '../lab/names.js'
import { freePort } from '../support/free-port.js'
import { withEtc, writeEtc } from './etc.js'
import { missingPrograms, requireRealProxies } from './installed.js'
import { NameServer } from './name-server.js'
import { ProxyDesk, type ProxySite } from './proxies/real-proxy.js'
import { runSquid } from './proxies/squid.js'

/** Public addresses: those of the policy's ranges are refused. */
const NAME_SERVER = '9.9.9.53'
const ALLOWED = { name: 'allowed.example', 4: '93.184.215.14', 6: '2606:2800:21f:cb07::14' } as const
const EXTERNAL = { 4: '93.184.215.1', 6: '2606:2800:21f:cb07::1' } as const
const ALLOWED_URLS = [`http://${ALLOWED.name}/`, `http://[${ALLOWED[6]}]/`]

/** Samples that an interface can have. The others (unspecified, multicast, reserved, mapped) belong to no host. */
const REACHABLE = DENIED_RANGES.map(({ sample }) => sample).filter(
  (sample) => !/^(?:0\.0\.0\.0|22[4-9]\..*|2[3-5]\d\..*|::|::ffff:.*|f[ef]..:.*)$/.test(sample),
)
const ON_LOOPBACK_ALREADY = new Set(['127.0.0.1', '::1'])

let ca: CertificateAuthority
let site: ProxySite
const undo: (() => void | Promise<void>)[] = []

function ip(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`)
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host)
  await once(server, 'listening')
  undo.push(async () => {
    server.close()
    await once(server, 'close')
  })
}

beforeAll(async () => {
  const added = [NAME_SERVER, ALLOWED[4], ALLOWED[6], EXTERNAL[4], EXTERNAL[6], ...REACHABLE]
  for (const address of added.filter((one) => !ON_LOOPBACK_ALREADY.has(one)))
    ip('address', 'add', `${address}/${address.includes(':') ? '128' : '32'}`, 'dev', 'lo')
  for (const address of REACHABLE)
    await listen(
      createServer((socket) => socket.on('error', () => undefined).end()),
      address,
      443,
    )
  for (const family of [4, 6] as const)
    await listen(
      createHttpServer((_request, response) => response.end('allowed')),
      ALLOWED[family],
      80,
    )
  const names = new LabNames().add(ALLOWED.name, 443, { host: ALLOWED[4], port: 80 })
  const nameServer = await NameServer.listen(NAME_SERVER, names)
  undo.push(() => nameServer.close())
  const directory = await mkdtemp(join(tmpdir(), 'discord-transport-policy-'))
  undo.push(() => rm(directory, { recursive: true }))
  await chmod(directory, 0o755)
  await writeEtc(join(directory, 'etc'), { nameServer: NAME_SERVER })
  ca = await createCertificateAuthority()
  site = {
    host: '127.0.0.1',
    external: EXTERNAL[4],
    nameServer: NAME_SERVER,
    directory,
    ca,
    within: (command) => withEtc(join(directory, 'etc'), command),
    freePort,
  }
})

afterAll(async () => {
  for (const step of undo.splice(0).reverse()) await step()
})

/** A proxy that listens for clients of both families. Returns its URLs. */
type Start = (rules: string) => Promise<readonly string[]>

async function openDesk(name: string): Promise<ProxyDesk> {
  const desk = await ProxyDesk.open(site, name)
  onTestFinished(() => desk.stop())
  return desk
}

const startSquid: Start = async (rules) => {
  const desk = await openDesk('squid')
  const port = await freePort()
  const config = [
    `http_port ${port}`,
    rules,
    'http_access allow all',
    `dns_nameservers ${NAME_SERVER}`,
    'cache deny all',
  ]
  await runSquid(desk, port, config.join('\n'))
  return [`http://127.0.0.1:${port}`, `http://[::1]:${port}`]
}

const danteWith =
  (external: readonly string[]): Start =>
  async (rules) => {
    const desk = await openDesk('dante')
    const port = await freePort()
    const config = [
      'logoutput: stderr',
      `internal: 127.0.0.1 port = ${port}`,
      `internal: ::1 port = ${port}`,
      ...external.map((address) => `external: ${address}`),
      'socksmethod: none',
      'clientmethod: none',
      'user.privileged: root',
      'user.unprivileged: nobody',
      'client pass { from: 0/0 to: 0/0 }',
      rules,
      'socks pass { from: 0/0 to: 0/0 command: connect }',
    ]
    await desk.run(port, 'danted', ['-f', await desk.write('danted.conf', `${config.join('\n')}\n`)])
    return [`socks5://127.0.0.1:${port}`, `socks5://[::1]:${port}`]
  }
const startDante = danteWith([EXTERNAL[4], EXTERNAL[6]])

/** Applies the filter to the user of the proxy for the rest of the test. */
function loadFilter(rules: string, user: string): void {
  const input = rules.replace('define proxy_user = "proxy"', `define proxy_user = "${user}"`)
  const { status, stderr } = spawnSync('nft', ['-f', '-'], { input, encoding: 'utf8' })
  onTestFinished(() => void spawnSync('nft', ['delete', 'table', 'inet', 'egress_policy']))
  expect([status, stderr]).toEqual([0, ''])
}

async function validate(proxyUrl: string, options: ValidateOptions = {}): Promise<ProxyValidation> {
  return validateProxy({
    proxyUrl,
    env: {},
    policy: true,
    allowedUrls: ALLOWED_URLS,
    timeoutMs: 8_000,
    ...options,
  })
}

const verdicts = ({ checks }: ProxyValidation): Readonly<Record<string, string>> =>
  Object.fromEntries(
    checks.flatMap((check) => ('verdict' in check ? [[check.destination, check.verdict]] : [])),
  )
const failures = ({ checks }: ProxyValidation): unknown => checks.filter(({ ok }) => !ok)
const every = (verdict: PolicyCheck['verdict']): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...DENIED_RANGES.map(({ cidr }) => cidr), ...DENIED_NAMES.map(({ name }) => name)].map((key) => [
      key,
      verdict,
    ]),
  )

const PROGRAMS = ['squid', 'danted', 'nft']
const missing = missingPrograms(PROGRAMS)
if (missing.length > 0)
  console.warn(`SKIPPED: the printed policies are not tried (${missing.join(', ')} missing)`)
test.skipIf(!requireRealProxies)('the programs of the policies are installed', () =>
  expect(missing).toEqual([]),
)

describe.skipIf(missing.length > 0)('without a policy', () => {
  test.each([
    ['squid', startSquid],
    ['Dante', startDante],
  ])(
    '%s lets clients of both families reach each denied range that has a server here',
    async (_name, start) => {
      for (const url of await start('')) {
        const result = await validate(url)
        expect(result.ok).toBe(false)
        const reached = DENIED_RANGES.filter(({ sample }) => REACHABLE.includes(sample)).map(
          ({ cidr }) => cidr,
        )
        expect(verdicts(result)).toMatchObject(Object.fromEntries(reached.map((cidr) => [cidr, 'reached'])))
        expect(verdicts(result)).toMatchObject({ '240.0.0.0/4': 'inconclusive', 'ff00::/8': 'inconclusive' })
      }
    },
  )
})

describe.skipIf(missing.length > 0)('with the printed policy', () => {
  test('squid refuses every destination, for clients of both families', async () => {
    for (const url of await startSquid(POLICY_FORMATS.squid(egressPolicy()))) {
      const result = await validate(url)
      expect(failures(result)).toEqual([])
      expect(verdicts(result)).toEqual(every('denied'))
    }
  })

  test('Dante refuses every destination, for clients of both families', async () => {
    for (const url of await startDante(POLICY_FORMATS.dante(egressPolicy()))) {
      const result = await validate(url)
      expect(failures(result)).toEqual([])
      // Dante does not take the unspecified addresses (SOCKS5 reply 8), and looks names up before it reads its rules.
      const blocked = ['0.0.0.0/8', '::/128', 'localhost.localdomain', 'metadata.google.internal']
      const expected = Object.fromEntries(blocked.map((key) => [key, 'blocked']))
      expect(verdicts(result)).toEqual({ ...every('denied'), ...expected })
    }
  })

  test('a Dante with IPv4 alone passes: the IPv6 ranges are blocked, and validate says so', async () => {
    for (const url of await danteWith([EXTERNAL[4]])(POLICY_FORMATS.dante(egressPolicy()))) {
      const result = await validate(url, { allowedUrls: ALLOWED_URLS.slice(0, 1) })
      expect(failures(result)).toEqual([])
      expect(verdicts(result)).toMatchObject({
        '10.0.0.0/8': 'denied',
        'fc00::/7': 'blocked',
        localhost: 'denied',
      })
    }
  })

  test.each([
    ['squid', startSquid, 'proxy'],
    ['Dante', startDante, 'nobody'],
  ])(
    'nftables blocks every destination for %s, and validate says that it was not refused',
    async (_name, start, user) => {
      loadFilter(POLICY_FORMATS.nftables(egressPolicy()), user)
      for (const url of await start('')) {
        const result = await validate(url)
        expect(failures(result)).toEqual([])
        expect(new Set(Object.values(verdicts(result)))).toEqual(new Set(['blocked']))
      }
    },
  )
})

describe.skipIf(missing.length > 0)('with exceptions and additions', () => {
  const options = {
    also: [`${ALLOWED[4]}/32`, `${ALLOWED[6]}/128`, ALLOWED.name],
    except: ['10.0.0.1/32', `[fd00:ec2::254/128]:443`],
  }
  const expected = {
    '10.0.0.1/32': 'allowed',
    '[fd00:ec2::254/128]:443': 'allowed',
    [`${ALLOWED[4]}/32`]: 'denied',
    [`${ALLOWED[6]}/128`]: 'denied',
    [ALLOWED.name]: 'denied',
    '10.0.0.0/8': 'denied',
    'fc00::/7': 'denied',
  }

  test.each([
    ['squid', startSquid, 'squid'],
    ['Dante', startDante, 'dante'],
  ] as const)('%s lets the exceptions through and refuses the additions', async (_name, start, format) => {
    for (const url of await start(POLICY_FORMATS[format](egressPolicy(options)))) {
      const result = await validate(url, { allowedUrls: [], ...options })
      expect(failures(result)).toEqual([])
      expect(verdicts(result)).toMatchObject(expected)
    }
  })

  test('nftables lets the exceptions through and blocks the additions; an added name it cannot refuse', async () => {
    loadFilter(POLICY_FORMATS.nftables(egressPolicy(options)), 'proxy')
    for (const url of await startSquid('')) {
      const result = await validate(url, { allowedUrls: [], deniedUrls: [], ...options })
      expect(failures(result)).toMatchObject([{ destination: ALLOWED.name, verdict: 'inconclusive' }])
      const blocked = Object.entries({ ...expected, [ALLOWED.name]: 'inconclusive' }).map(
        ([key, verdict]) => [key, verdict === 'denied' ? 'blocked' : verdict],
      )
      expect(verdicts(result)).toMatchObject(Object.fromEntries(blocked))
    }
  })

  test('an exception that the proxy refuses fails', async () => {
    for (const url of await startSquid(POLICY_FORMATS.squid(egressPolicy()))) {
      const result = await validate(url, { except: ['10.0.0.1/32'] })
      expect(failures(result)).toMatchObject([{ destination: '10.0.0.1/32', verdict: 'denied' }])
    }
  })
})
