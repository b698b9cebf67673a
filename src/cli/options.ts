import { InvalidArgumentError, type Command } from 'commander'

/** What is said of --proxy-url where it can be a list. */
export const PROXY_URL = 'this proxy instead of the environment (repeatable, in order of preference)'

/** The flags of every command that opens connections. */
export function connectionOptions(command: Command): Command {
  return command
    .option('--proxy-url <url>', PROXY_URL, collect)
    .option('--proxy-ca-file <path>', 'PEM file with the authority of an https:// proxy')
    .option('--tls-ca-file <path>', 'PEM file with the authority of a proxy that inspects TLS')
}

/** The flags that take the settings from OpenClaw. */
export function openClawOptions(command: Command): Command {
  return command
    .option('--openclaw [path]', "take everything from OpenClaw's configuration, or from this file")
    .option('--account <id>', 'with --openclaw: the Discord account')
}

/** The language of what is printed for people; JSON is the same in every one. */
export const LANGUAGE = ['--lang <language>', 'en or zh-CN (default: LC_ALL, LC_MESSAGES, LANG)'] as const

export function milliseconds(text: string): number {
  const value = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= 600_000) return value
  throw new InvalidArgumentError('Expected a whole number of milliseconds from 1 to 600000.')
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : -1
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }
}

export function channelId(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text
  throw new InvalidArgumentError('Expected the id of a channel: 17 to 20 digits.')
}

export function variableName(text: string): string {
  if (/^[A-Za-z_]\w{0,63}$/.test(text)) return text
  throw new InvalidArgumentError('Expected the name of a variable, not the token itself.')
}

export function collect(url: string, urls: readonly string[] = []): readonly string[] {
  return [...urls, url]
}

/** The flags that change the egress policy. */
export function policyOptions(command: Command): Command {
  return command
    .option('--also <cidr|name>', 'must be refused as well (repeatable)', collect)
    .option('--except <cidr[:port]>', 'must be let through (repeatable)', collect)
}
