import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { say } from '../messages/index.js'
import { systemCode } from '../errors.js'
import { UsageError } from './exit-codes.js'

export interface TokenFlags {
  readonly tokenEnv?: string
  readonly tokenFile?: string
}

/** The bot's token, without the `Bot ` that some write before it; undefined where no flag asks for one. */
export async function readToken(flags: TokenFlags): Promise<string | undefined> {
  return readSecret(flags, say('usage.secret.bot'))
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
  if (tokenEnv !== undefined && tokenFile !== undefined) throw new UsageError(say('usage.one-token'))
  if (tokenEnv !== undefined)
    return check(process.env[tokenEnv] ?? '', what, say('usage.secret.variable', { flag }))
  if (tokenFile !== undefined) return check(await readText(tokenFile), what, say('usage.secret.file'))
  return undefined
}

async function readText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new UsageError(say('usage.token-file', { code: systemCode(error) ?? say('usage.no-code') }))
  }
}

function check(value: string, what: string, place: string): string {
  const token = value.trim().replace(/^Bot\s+/i, '')
  // A header value; whether it is a good token is Discord's to say.
  if (/^[\x21-\x7e]+$/.test(token)) return token
  throw new UsageError(say('usage.secret', { what, place }))
}
