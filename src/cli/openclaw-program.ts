import { InvalidArgumentError, Option, type Command } from 'commander'
import type {
  CallFlags,
  GatewayFlags,
  HistoryFlags,
  ListFlags,
  SendFlags,
  SpawnFlags,
  WatchFlags,
} from './commands/openclaw/flags.js'
import type { ExitCode } from './exit-codes.js'
import { collect, LANGUAGE, milliseconds, variableName, wholeNumber } from './options.js'

type End = (code: ExitCode) => void

const talk = () => import('./commands/openclaw/talk.js')

/** `openclaw` and its commands. */
export function addOpenClaw(program: Command, end: End): void {
  const openclaw = program
    .command('openclaw')
    .summary('watch and drive the gateway of OpenClaw')
    .description(
      'Talks to the gateway of OpenClaw, its control plane. Without --url and --host it is the gateway of OpenClaw’s ' +
        'own configuration, with its secret; with one of them nothing of that is sent.',
    )
    .addHelpText('after', HELP)
  addLooking(openclaw, end)
  addSessions(openclaw, end)
  addTalking(openclaw, end)
}

function addLooking(openclaw: Command, end: End): void {
  const load = () => import('./commands/openclaw/look.js')
  gatewayFlags(openclaw.command('connect'))
    .summary('connect, and print what the gateway says')
    .action(async (flags: GatewayFlags) => end(await (await load()).connect(flags)))
  gatewayFlags(openclaw.command('status'))
    .summary('print the state of the gateway')
    .action(async (flags: GatewayFlags) => end(await (await load()).status(flags)))
  gatewayFlags(openclaw.command('watch'))
    .summary('print events until Ctrl-C')
    .option('--session <key>', 'the messages of this session too (repeatable)', collect)
    .action(async (flags: WatchFlags) =>
      end(await (await import('./commands/openclaw/watch.js')).watch(flags)),
    )
  gatewayFlags(openclaw.command('call'))
    .argument('<method>', 'such as channels.status')
    .argument('[params]', 'a JSON object')
    .summary('send one request, and print its answer')
    .option('--expect-final', 'wait for the second answer of a method that has two')
    .action(async (method: string, params: string | undefined, flags: CallFlags) =>
      end(await (await import('./commands/openclaw/call.js')).call(method, params, flags)),
    )
}

function addSessions(openclaw: Command, end: End): void {
  const sessions = openclaw.command('sessions').summary('list, read, ask and stop sessions')
  const load = () => import('./commands/openclaw/sessions.js')
  gatewayFlags(sessions.command('list'))
    .summary('print the sessions')
    .option('--active', 'only those that are running')
    .option('--kind <kind>', 'only those of this kind: main, direct, …')
    .action(async (flags: ListFlags) => end(await (await load()).list(flags)))
  gatewayFlags(sessions.command('history'))
    .argument('<key>')
    .summary('print the messages of a session')
    .option('--limit <number>', 'how many of the newest', wholeNumber(1, 1_000))
    .action(async (key: string, flags: HistoryFlags) => end(await (await load()).history(key, flags)))
  sending(sessions.command('send'))
    .argument('<key>')
    .argument('<message>')
    .summary('send a message, and print the answer')
    .action(async (key: string, message: string, flags: SendFlags) =>
      end(await (await talk()).send(key, message, flags)),
    )
  gatewayFlags(sessions.command('kill'))
    .argument('<key>')
    .summary('stop what a session is doing')
    .action(async (key: string, flags: GatewayFlags) => end(await (await load()).kill(key, flags)))
}

function addTalking(openclaw: Command, end: End): void {
  sending(openclaw.command('send'))
    .requiredOption('--session <key>', 'the session')
    .argument('<message>')
    .summary('the same as sessions send')
    .action(async (message: string, flags: SendFlags & { readonly session: string }) =>
      end(await (await talk()).send(flags.session, message, flags)),
    )
  sending(openclaw.command('spawn'))
    .summary('begin a session with a task, and print the answer')
    .requiredOption('--task <text>', 'the first message')
    .option('--model <provider/model>', 'the model')
    .option('--budget <usd>', 'stop after the message that passes this cost', dollars)
    .action(async (flags: SpawnFlags) => end(await (await talk()).spawn(flags)))
}

function sending(command: Command): Command {
  return gatewayFlags(command).option('--no-wait', 'do not wait for the answer')
}

function gatewayFlags(command: Command): Command {
  return command
    .option('--url <url>', 'the gateway: ws:// or wss://')
    .option('--host <name>', 'instead of --url, for ws://')
    .option('--port <number>', 'instead of --url', wholeNumber(1, 65_535))
    .option('--token-env <name>', 'variable that holds the token of the gateway', variableName)
    .option('--token-file <path>', 'file that holds the token; - is standard input')
    .option('--password-env <name>', 'variable that holds the password of the gateway', variableName)
    .option('--device <path>', 'prove to be a device, with the key in this file')
    .option(
      '--scope <scope>',
      'ask for this scope (repeatable; default: operator.read, operator.write)',
      collect,
    )
    .option('--tls-fingerprint <sha256>', 'the certificate of a wss:// gateway')
    .addOption(
      new Option('--loopback <mode>', 'connections to this host').choices(['gateway-only', 'proxy', 'block']),
    )
    .option('--timeout-ms <ms>', 'milliseconds for the connection, and for an answer', milliseconds)
    .option('--json', 'print one JSON object')
    .option(...LANGUAGE)
    .addOption(
      new Option('--mock', 'a gateway in memory, for trying').conflicts(['url', 'host', 'port', 'real']),
    )
    .option('--real', 'a real gateway, whatever OPENCLAW_MODE says (default)')
}

function dollars(text: string): number {
  const value = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : 0
  if (value > 0) return value
  throw new InvalidArgumentError('Expected an amount in US dollars, such as 2.00.')
}

const HELP = `
Secrets are never arguments: other users of this host could read them.

Exit code: 0 done, 1 the gateway or a run failed, 2 wrong usage.

Examples:
  discord-transport openclaw status
  discord-transport openclaw sessions list --active
  discord-transport openclaw send --session main 'What is new?'
  discord-transport openclaw spawn --task 'Look at the log' --budget 2.00
  discord-transport openclaw call channels.status '{"probe":true}' --json
`
