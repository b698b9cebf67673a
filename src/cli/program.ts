import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { DoctorFlags } from './commands/doctor.js'
import type { EnvFlags } from './commands/env.js'
import { ENV_FORMATS } from './environment/snippets.js'
import type { ExplainFlags } from './commands/explain.js'
import type { PolicyFlags } from './commands/policy.js'
import type { ValidateFlags } from './commands/validate.js'
import { EXIT, UsageError, type ExitCode } from './exit-codes.js'
import { version } from './version.js'

/** Reads the command line and does what it says; resolves with the exit code. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  const program = createProgram((result) => (code = result))
  try {
    await program.parseAsync(argv)
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    if (error instanceof UsageError) {
      process.stderr.write(`error: ${error.message}\n`)
      return EXIT.usage
    }
    throw error
  }
}

/** Each command loads its code when it is called: `--help` answers at once. */
function createProgram(end: (code: ExitCode) => void): Command {
  const program = new Command('discord-transport')
    .description(
      'Finds out which hop between a Discord bot and Discord fails, and what to do about it.\n\n' +
        'The proxy is taken from --proxy-url, OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY, the first that is set.',
    )
    .version(version(), '--version', 'print the version')
    .exitOverride()
    .configureOutput({ writeErr: (text) => process.stderr.write(withoutValues(text)) })
    .showHelpAfterError('(--help lists what there is)')
    .addHelpText('after', EXAMPLES)

  connectionOptions(program.command('doctor'))
    .summary('try every hop from here to Discord, and name the one that fails')
    .description(
      'Tries every hop: the name of the proxy, TCP, TLS to it, authentication, the tunnel, TLS to Discord, the ' +
        'REST API, the gateway, the CDN; with a token also the bot, its intents, its shards, and IDENTIFY to READY. A ' +
        'hop that fails is shown with its code, its meaning and what to try.',
    )
    .addOption(new Option('--dns <who>', 'who resolves names').choices(['proxy', 'local']).default('proxy'))
    .addOption(timeout('milliseconds for everything', 14_000))
    .option(
      '--token-env <name>',
      'variable that holds the bot token, such as DISCORD_BOT_TOKEN',
      variableName,
    )
    .option('--token-file <path>', 'file that holds the bot token; - is standard input')
    .addOption(
      new Option(
        '--intents <number>',
        'the intents of the bot; fails where one is not switched on',
      ).argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER)),
    )
    .option('--channel <id>', 'send, upload, download, edit and delete in this channel', channelId)
    .addOption(
      new Option('--upload-bytes <number>', 'size of the file for --channel (default: 1 MiB)').argParser(
        wholeNumber(1, 524_288_000),
      ),
    )
    .option('--compare', 'try Discord without the proxy too (never with the token)')
    .option('--all-hosts', 'try a connection to every host of Discord')
    .option('--watch', 'do it again and again, until Ctrl-C')
    .addOption(
      new Option('--interval-ms <ms>', 'pause between two rounds of --watch')
        .default(5_000)
        .argParser(milliseconds),
    )
    .option('--json', 'print one JSON object (with --watch: one on each line); docs/doctor.md has its schema')
    .addHelpText(
      'after',
      '\nA token is never an argument: other users of this host could read it. READY\nuses one of the 1000 session starts of the day; --watch goes there once.\n\nExit code: 0 all is well, 1 a hop failed, 2 wrong usage.\n\nExamples:\n  discord-transport doctor\n  discord-transport doctor --proxy-url socks5://127.0.0.1:7890\n  discord-transport doctor --token-env DISCORD_BOT_TOKEN --json\n',
    )
    .action(async (options: DoctorFlags) => end(await (await import('./commands/doctor.js')).doctor(options)))

  connectionOptions(program.command('validate'))
    .summary('check that an egress proxy lets through what it must, and refuses what it must')
    .description(
      'Asks the proxy for destinations that it must let through and for such that it must refuse. Without ' +
        '--allowed-url: Discord and example.com. Without --denied-url: a canary that listens on this host for the ' +
        'time of the check. A denied URL passes only if the proxy refuses it in so many words.',
    )
    .option('--allowed-url <url>', 'must be answered with a 2xx (repeatable)', collect)
    .option('--denied-url <url>', 'must be refused by the proxy (repeatable)', collect)
    .option('--policy', 'try every destination of `policy` too: loopback, private, metadata and other ranges')
    .option(ALSO.flags, ALSO.description, collect)
    .option(EXCEPT.flags, EXCEPT.description, collect)
    .addOption(timeout('milliseconds for each destination', 5_000))
    .option('--json', 'print one JSON object; docs/doctor.md has its schema')
    .addHelpText(
      'after',
      '\nEverything goes through the proxy, whatever NO_PROXY says.\n\nExit code: 0 passed, 1 failed, 2 wrong usage.\n\nExamples:\n  discord-transport validate\n  discord-transport validate --proxy-url http://10.0.0.1:3128 --policy\n  discord-transport validate --denied-url https://intranet.example/ --json\n',
    )
    .action(async (options: ValidateFlags) =>
      end(await (await import('./commands/validate.js')).validate(options)),
    )

  program
    .command('explain')
    .summary('say whether a URL goes through the proxy, through which, and why')
    .description('Says where a URL would go and which setting decides. Opens nothing and looks nothing up.')
    .argument('<url>', 'any URL, such as https://discord.com/ or wss://gateway.discord.gg/')
    .option('--proxy-url <url>', 'this proxy instead of the environment')
    .option('--json', 'print one JSON object')
    .action(async (url: string, options: ExplainFlags) =>
      end(await (await import('./commands/explain.js')).explain(url, options)),
    )

  program
    .command('policy')
    .summary('print the destinations that an egress proxy should refuse, as configuration')
    .description(
      'Prints every range and name that nobody behind an egress proxy should reach, each with its reason: ' +
        'loopback, private and link-local networks, cloud metadata, and IPv6 forms that hide an IPv4 address.',
    )
    .addOption(
      new Option('--format <format>', 'what to print it for')
        .choices(['squid', 'nftables', 'dante', 'json'])
        .default('squid'),
    )
    .option(ALSO.flags, ALSO.description, collect)
    .option(EXCEPT.flags, EXCEPT.description, collect)
    .action(async (options: PolicyFlags) => end(await (await import('./commands/policy.js')).policy(options)))

  program
    .command('env')
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
    .action(async (options: EnvFlags) => end(await (await import('./commands/env.js')).env(options)))

  return program
}

const ALSO = { flags: '--also <cidr|name>', description: 'must be refused as well (repeatable)' } as const
const EXCEPT = { flags: '--except <cidr[:port]>', description: 'must be let through (repeatable)' } as const

const EXAMPLES = `
Examples:
  discord-transport doctor                        what is wrong on the way?
  discord-transport doctor --watch                when does it break?
  discord-transport validate --policy             does it refuse what it should?
  discord-transport explain https://discord.com/  which proxy, and why?
  discord-transport policy --format squid         rules for an egress proxy
  discord-transport env --format systemd          keep the setting

Exit code: 0 all is well, 1 something is not, 2 wrong usage.
`

function connectionOptions(command: Command): Command {
  return command
    .option('--proxy-url <url>', 'this proxy instead of the environment')
    .option('--proxy-ca-file <path>', 'PEM file with the authority of an https:// proxy')
    .option('--tls-ca-file <path>', 'PEM file with the authority of a proxy that inspects TLS')
}

function timeout(what: string, ms: number): Option {
  return new Option('--timeout-ms <ms>', what).default(ms).argParser(milliseconds)
}

function milliseconds(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= 600_000) return value
  throw new InvalidArgumentError('Expected a whole number of milliseconds from 1 to 600000.')
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : -1
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }
}

function channelId(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text
  throw new InvalidArgumentError('Expected the id of a channel: 17 to 20 digits.')
}

function variableName(text: string): string {
  if (/^[A-Za-z_]\w{0,63}$/.test(text)) return text
  throw new InvalidArgumentError('Expected the name of a variable, not the token itself.')
}

function collect(url: string, urls: readonly string[] = []): readonly string[] {
  return [...urls, url]
}

/** Commander repeats what it does not understand, and that may hold a secret: `--token=…`, a URL out of place. */
function withoutValues(text: string): string {
  return text
    .replace(/argument '[^']*' is invalid/g, 'value is not usable')
    .replace(/'(--?[\w-]+)=[^']*'/g, "'$1'")
    .replace(/unknown command '(?![\w-]{1,20}')[^']*'/g, 'unknown command')
    .replace(/unknown option '(?!--?[\w-]{1,30}')[^']*'/g, 'unknown option')
}
