import { Command, CommanderError, Option } from 'commander'
import type { DoctorFlags } from './commands/doctor.js'
import type { EnvFlags } from './commands/env.js'
import { ENV_FORMATS } from './environment/snippets.js'
import type { ExplainFlags } from './commands/explain.js'
import type { PolicyFlags } from './commands/policy.js'
import type { ValidateFlags } from './commands/validate.js'
import { EXIT, UsageError, type ExitCode } from './exit-codes.js'
import {
  channelId,
  collect,
  connectionOptions,
  LANGUAGE,
  milliseconds,
  openClawOptions,
  policyOptions,
  PROXY_URL,
  variableName,
  wholeNumber,
} from './options.js'
import { chooseLanguage, type LanguageFlags } from './language.js'
import { say } from '../messages/index.js'
import { addOpenClaw } from './openclaw-program.js'
import { version } from './version.js'

/** Runs the command line; resolves with the exit code. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const program = createProgram((result) => (code = result))
  try {
    await program.parseAsync(argv)
    return code
  } catch (error) {
    const usage = isStandIn(argv) ? EXIT.failed : EXIT.usage
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : usage
    if (error instanceof UsageError) {
      process.stderr.write(`${say('command.error')} ${error.message}\n`)
      return usage
    }
    throw error
  }
}

/** `validate --openclaw` stands in for `openclaw proxy validate`, whose only code for a failure is 1. */
function isStandIn(argv: readonly string[]): boolean {
  return argv[2] === 'validate' && argv.some((argument) => /^--openclaw(?:=|$)/.test(argument))
}

/** Ends the program with an exit code. */
type End = (code: ExitCode) => void

/** Each command loads its code when it runs, so that `--help` answers at once. */
function createProgram(end: End): Command {
  const program = new Command('discord-transport')
    .description(
      'Finds out which hop between a Discord bot and Discord fails, and what to do about it.\n\n' +
        'The proxy is taken from --proxy-url, OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY, the first that is set.',
    )
    .version(version(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(withoutValues(text)) })
    .showHelpAfterError('(run with --help for usage)')
    .addHelpText('after', EXAMPLES)
    .hook('preAction', (_program, command) => chooseLanguage(command.opts<LanguageFlags>()))
  for (const add of [addDoctor, addValidate, addExplain, addPolicy, addEnv, addOpenClaw]) add(program, end)
  return program
}

function addDoctor(program: Command, end: End): void {
  openClawOptions(connectionOptions(program.command('doctor')))
    .summary('try every hop from here to Discord, and name the one that fails')
    .description(
      'Tries every hop: the name of the proxy, TCP, TLS to it, authentication, the tunnel, TLS to Discord, the ' +
        'REST API, the gateway, the CDN; with a token also the bot, its intents, its shards, and IDENTIFY to READY. A ' +
        'hop that fails is shown with its code, its meaning and what to try.',
    )
    .addOption(
      new Option('--dns <where>', 'where names are resolved').choices(['proxy', 'local']).default('proxy'),
    )
    .option('--timeout-ms <ms>', 'milliseconds for the whole run', milliseconds, 14_000)
    .option(
      '--token-env <name>',
      'variable that holds the bot token, such as DISCORD_BOT_TOKEN',
      variableName,
    )
    .option('--token-file <path>', 'file that holds the bot token; - is standard input')
    .option(
      '--intents <number>',
      'the intents of the bot; fails where one is not switched on',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .option('--channel <id>', 'send, upload, download, edit and delete in this channel', channelId)
    .option(
      '--upload-bytes <number>',
      'size of the file for --channel (default: 1 MiB)',
      wholeNumber(1, 524_288_000),
    )
    .option('--compare', 'try Discord without the proxy too (never with the token)')
    .option('--all-hosts', 'try a connection to every host of Discord')
    .option('--watch', 'repeat until Ctrl-C')
    .option('--interval-ms <ms>', 'milliseconds between two rounds of --watch', milliseconds, 5_000)
    .option('--json', 'print one JSON object (with --watch: one on each line); docs/doctor.md has its schema')
    .addOption(
      new Option('--html <file>', 'also write the report as one page, to be sent to others').conflicts(
        'json',
      ),
    )
    .option(...LANGUAGE)
    .addHelpText('after', DOCTOR_HELP)
    .action(async (options: DoctorFlags) => end(await (await import('./commands/doctor.js')).doctor(options)))
}

function addValidate(program: Command, end: End): void {
  policyOptions(openClawOptions(connectionOptions(program.command('validate'))))
    .summary('check that an egress proxy lets through what it must, and refuses what it must')
    .description(
      'Asks the proxy for destinations that it must let through, and for destinations that it must refuse. Without ' +
        '--allowed-url: Discord and example.com. Without --denied-url: a canary, which is a server that listens on ' +
        'this host during the check. A denied URL passes only if the proxy itself refuses it.',
    )
    .option('--allowed-url <url>', 'must be answered with a 2xx (repeatable)', collect)
    .option('--denied-url <url>', 'must be refused by the proxy (repeatable)', collect)
    .option('--policy', 'try every destination of `policy` too: loopback, private, metadata and other ranges')
    .option('--timeout-ms <ms>', 'milliseconds for each destination', milliseconds, 5_000)
    .option('--json', 'print one JSON object; docs/egress-policy.md has its schema')
    .option(...LANGUAGE)
    .addHelpText('after', VALIDATE_HELP)
    .action(async (options: ValidateFlags) =>
      end(await (await import('./commands/validate.js')).validate(options)),
    )
}

function addExplain(program: Command, end: End): void {
  openClawOptions(program.command('explain'))
    .summary('say whether a URL goes through the proxy, through which, and why')
    .description(
      'Says which way a URL would go and which setting decides. Opens no connection and looks up no name.',
    )
    .argument('[url]', 'any URL, such as https://discord.com/ or wss://gateway.discord.gg/')
    .option('--proxy-url <url>', PROXY_URL, collect)
    .addOption(
      new Option(
        '--scope <scope>',
        'as the process-wide mode with this scope decides: install() or register',
      ).choices(['discord', 'all']),
    )
    .option('--json', 'print one JSON object')
    .option(...LANGUAGE)
    .action(async (url: string | undefined, options: ExplainFlags) =>
      end(await (await import('./commands/explain.js')).explain(url, options)),
    )
}

function addPolicy(program: Command, end: End): void {
  policyOptions(program.command('policy'))
    .summary('print the destinations that an egress proxy should refuse, as configuration')
    .description(
      'Prints every range and name that clients of an egress proxy should not reach, each with its reason: ' +
        'loopback, private and link-local networks, cloud metadata, and IPv6 forms that hide an IPv4 address.',
    )
    .addOption(
      new Option('--format <format>', 'output format')
        .choices(['squid', 'nftables', 'dante', 'json'])
        .default('squid'),
    )
    .option(...LANGUAGE)
    .action(async (options: PolicyFlags) => end(await (await import('./commands/policy.js')).policy(options)))
}

function addEnv(program: Command, end: End): void {
  openClawOptions(program.command('env'))
    .summary('print what makes the proxy setting last: shell, systemd, launchd, Docker, Windows')
    .description(
      'Prints the proxy that is in effect as a lasting setting. Credentials are never printed: the place where they ' +
        'belong is marked with ***, and a warning says who else could read them there.',
    )
    .addOption(
      new Option('--format <format>', 'output format (default: all)').choices([...ENV_FORMATS, 'all']),
    )
    .option('--unit <name>', 'with systemd: the unit for which the drop-in is')
    .option('--proxy-url <url>', 'this proxy instead of the environment')
    .option(...LANGUAGE)
    .action(async (options: EnvFlags) => end(await (await import('./commands/env.js')).env(options)))
}

const EXAMPLES = `
Examples:
  discord-transport doctor                        what is wrong on the way?
  discord-transport doctor --watch                when does it break?
  discord-transport validate --policy             does it refuse what it should?
  discord-transport explain https://discord.com/  which proxy, and why?
  discord-transport policy --format squid         rules for an egress proxy
  discord-transport env --format systemd          keep the setting
  discord-transport openclaw status               how is the gateway of OpenClaw?

Exit code: 0 all is well, 1 something is not, 2 wrong usage.
`

const DOCTOR_HELP = `
A token is never an argument: other users of this host could read it. READY
uses one of the 1000 session starts of the day; --watch uses one for its first
round only.

Exit code: 0 all is well, 1 a hop failed, 2 wrong usage.

Examples:
  discord-transport doctor
  discord-transport doctor --proxy-url socks5://127.0.0.1:7890
  discord-transport doctor --token-env DISCORD_BOT_TOKEN --json
`

const VALIDATE_HELP = `
Everything goes through the proxy, whatever NO_PROXY says.

Exit code: 0 passed, 1 failed, 2 wrong usage.

Examples:
  discord-transport validate
  discord-transport validate --proxy-url http://10.0.0.1:3128 --policy
  discord-transport validate --proxy-url http://a:3128 --proxy-url socks5://b
  discord-transport validate --policy --except 10.0.0.5/32:8443
  discord-transport validate --denied-url https://intranet.example/ --json
`

/** Commander repeats arguments that it does not know. They may hold a secret: `--token=…`, a misplaced URL. */
function withoutValues(text: string): string {
  return text
    .replace(/argument '[^']*' is invalid/g, 'value is not usable')
    .replace(/'(--?[\w-]+)=[^']*'/g, "'$1'")
    .replace(/unknown command '(?![\w-]{1,20}')[^']*'/g, 'unknown command')
    .replace(/unknown option '(?!--?[\w-]{1,30}')[^']*'/g, 'unknown option')
}
