/** A variable, a flag or a token that may hold a secret. */
const SECRET_NAMES = /(proxy|token|secret|password|passwd|key|auth|credential)/i

/** What a Discord token looks like: the bot's id in base64, a time, a MAC. */
const TOKEN = /[\w-]{20,}\.[\w-]{5,8}\.[\w-]{20,}/g

/** `user:password@` of any URL, and a Basic or Bearer value. */
const USERINFO = /\/\/[^\s/@]*@/g
const HEADER_VALUE = /\b(Basic|Bearer|Bot)\s+[\w+/=.~-]{6,}/g

const MASK = '***'

/**
 * The last resort: a defect of this command must not print what it was working with. Whatever ends it is shown
 * without the values of variables and arguments that may be secret, and without anything shaped like one.
 */
export function installCrashHandler(): void {
  const crash = (reason: unknown): void => {
    const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
    process.stderr.write(`discord-transport failed unexpectedly; this is a defect.\n${redactCrash(text)}\n`)
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
}

/** @param sources what the process was given; its own environment and arguments by default */
export function redactCrash(
  text: string,
  { env, argv }: { env: NodeJS.ProcessEnv; argv: readonly string[] } = process,
): string {
  const values = [
    ...Object.entries(env).flatMap(([name, value]) => (SECRET_NAMES.test(name) ? (value ?? '') : [])),
    // The argument itself, and where it names a variable (--token-env) that one's value.
    ...argv.slice(2).flatMap((argument) => {
      const value = argument.replace(/^--[\w-]+=/, '')
      return [value, env[value] ?? '']
    }),
  ]
  const secrets = new Set(values.flatMap(secretParts).filter((form) => form.length > 3))
  let shown = text
  for (const secret of [...secrets].sort((a, b) => b.length - a.length)) {
    if (!PUBLIC.has(secret)) shown = shown.replaceAll(secret, MASK)
  }
  return shown.replace(USERINFO, `//${MASK}@`).replace(HEADER_VALUE, `$1 ${MASK}`).replace(TOKEN, MASK)
}

/** Arguments that are no secret, and whose masking would make the report unreadable. */
const PUBLIC = new Set([
  'doctor',
  'validate',
  'explain',
  'policy',
  'env',
  '--json',
  '--watch',
  '--policy',
  '--help',
])

/** A URL as a whole, its credentials encoded and decoded, and as a header carries them. */
function secretParts(value: string): string[] {
  const [, user = '', password = ''] = /\/\/([^\s/@:]*):?([^\s/@]*)@/.exec(value) ?? []
  const pair = `${decode(user)}:${decode(password)}`
  return [
    ...(/[@.]/.test(value) && value.length < 8 ? [] : [value]),
    user,
    password,
    decode(user),
    decode(password),
    pair === ':' ? '' : Buffer.from(pair).toString('base64'),
  ]
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
