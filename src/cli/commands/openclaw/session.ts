import { OpenClawError, OpenClawGatewayClient, type OpenClawClientOptions } from '../../../openclaw/index.js'
import { TransportError } from '../../../index.js'
import { say } from '../../../messages/index.js'
import { EXIT, UsageError, type ExitCode } from '../../exit-codes.js'
import { print } from '../../text/terminal.js'
import { readSecret } from '../../token.js'
import type { GatewayFlags } from './flags.js'
import { asUsageErrors } from '../../usage-errors.js'

/** What a command has to say: to programs and to people. Nothing is printed where the text is empty. */
export interface Said {
  readonly json: unknown
  readonly text: string
  readonly code?: ExitCode
}

const CONNECT_MS = 15_000

/**
 * Connects, does what the command is for, prints it, and leaves.
 *
 * @param options over those of the flags
 */
export async function withGateway(
  flags: GatewayFlags,
  work: (client: OpenClawGatewayClient) => Promise<Said>,
  options: OpenClawClientOptions = {},
): Promise<ExitCode> {
  const given = await clientOptions(flags)
  const mock = wantsMock(flags) ? await startMock() : undefined
  // An attempt that fails is told at once. A gateway that is starting says so, and is waited for.
  const all = { reconnect: false, ...given, ...mock?.options, ...options }
  const client = asUsageErrors(() => new OpenClawGatewayClient(all))
  try {
    await client.connect({ timeoutMs: flags.timeoutMs ?? CONNECT_MS })
    const said = await work(client)
    const code = said.code ?? EXIT.ok
    if (said.text !== '') await printResult(flags, { ok: code === EXIT.ok, result: said.json }, said.text)
    return code
  } catch (error) {
    if (!(error instanceof OpenClawError || error instanceof TransportError)) throw error
    if (error.code === 'ERR_INVALID_OPTIONS') throw new UsageError(`${error.message}\n${error.hint}`)
    if (flags.json === true) await print(`${JSON.stringify({ ok: false, error }, null, 2)}\n`)
    else process.stderr.write(`${say('command.error')} ${error.message}\n${error.hint}\n`)
    return EXIT.failed
  } finally {
    await client.disconnect()
    await mock?.close()
  }
}

async function printResult({ json }: GatewayFlags, result: unknown, text: string): Promise<void> {
  if (json === true) await print(`${JSON.stringify(result, null, 2)}\n`)
  else await print(`${text}\n`)
}

async function clientOptions(flags: GatewayFlags): Promise<OpenClawClientOptions> {
  const { url, host, port, device, scope, tlsFingerprint, loopback, passwordEnv } = flags
  const token = await readSecret(flags, say('usage.secret.gateway-token'))
  const password =
    passwordEnv === undefined
      ? undefined
      : await readSecret({ tokenEnv: passwordEnv }, say('usage.secret.gateway-password'), '--password-env')
  return {
    url,
    host,
    port,
    token,
    password,
    tlsFingerprint,
    loopback,
    ...(device === undefined ? {} : { device: { path: device } }),
    ...(scope === undefined ? {} : { scopes: scope }),
  }
}

/** Whether `--mock` or OPENCLAW_MODE asks for a gateway in memory. Nothing else ever leads to it. */
function wantsMock({ mock, real }: GatewayFlags): boolean {
  const mode = process.env['OPENCLAW_MODE']?.trim() ?? ''
  if (mock === true || real === true) return mock === true
  if (mode === '' || mode === 'real') return false
  if (mode === 'mock') return true
  throw new UsageError(say('usage.mode'))
}

async function startMock() {
  const { startMockGateway } = await import('../../../openclaw/mock/mock-gateway.js')
  const gateway = await startMockGateway()
  const { url, token } = gateway
  process.stderr.write('This is the mock: a gateway in memory, which answers with an echo.\n')
  // What points to a real gateway does not count here.
  const options: OpenClawClientOptions = {
    url,
    token,
    host: undefined,
    port: undefined,
    tlsFingerprint: undefined,
  }
  return { options, close: () => gateway.close() }
}

/**
 * An agent that has a shell must not talk to sessions as if a person did.
 *
 * @throws UsageError in the shell of an agent
 */
export function refuseInAgentShell(what: string, flags: GatewayFlags): void {
  if (process.env['OPENCLAW_SHELL'] !== 'exec' || wantsMock(flags)) return
  throw new UsageError(say('usage.agent-shell', { command: what }))
}
