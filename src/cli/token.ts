import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { systemCode } from './system-code.js'
import { UsageError } from './exit-codes.js'

export interface TokenFlags {
  readonly tokenEnv?: string
  readonly tokenFile?: string
}

/** The bot's token, without the `Bot ` that some write before it; undefined where no flag asks for one. */
export async function readToken(flags: TokenFlags): Promise<string | undefined> {
  return readSecret(flags, 'a bot token')
}

/**
 * A secret; undefined where no flag asks for one.
 *
 * @param what as in "expected a bot token in the variable of --token-env"
 * @param flag that names the variable
 */
export async function readSecret(
  { tokenEnv, tokenFile }: TokenFlags,
  what: string,
  flag = '--token-env',
): Promise<string | undefined> {
  if (tokenEnv !== undefined && tokenFile !== undefined)
    throw new UsageError('--token-env and --token-file: expected one of the two')
  if (tokenEnv !== undefined) return check(process.env[tokenEnv] ?? '', what, `the variable of ${flag}`)
  if (tokenFile !== undefined) return check(await readText(tokenFile), what, 'the file of --token-file')
  return undefined
}

async function readText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(`--token-file: cannot be read (${systemCode(error) ?? 'no reason given'})`)
  }
}

function check(value: string, what: string, where: string): string {
  const token = value.trim().replace(/^Bot\s+/i, '')
  // A header value; whether it is a good token is Discord's to say.
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError(`expected ${what} in ${where}: it is empty, or holds spaces or line breaks`)
}
