import { constants, type Stats } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { systemCode } from '../../errors.js'
import { say } from '../../messages/index.js'

/** Without O_NONBLOCK, which Windows does not have, the open itself waits for the writer of a pipe. */
const READ_ONLY =
  process.platform === 'win32' ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK

/** What a file has to be. */
export interface FileRules {
  readonly maxBytes: number
  /** Whether a file with more than one name is refused. Default: false. */
  readonly oneName?: boolean
  /** Whether a symbolic link and a file that others can read or write are refused. Default: false. */
  readonly secret?: boolean
}

/** The content, or why it is not read. */
export type GuardedFile = { readonly text: string } | { readonly refused: string; readonly missing: boolean }

/** Reads a regular file; a pipe or a device could block for ever, or never end. */
export async function readGuarded(path: string, rules: FileRules): Promise<GuardedFile> {
  try {
    if (rules.secret === true && (await lstat(path)).isSymbolicLink()) return refused(say('file.link'))
    const handle = await open(path, READ_ONLY)
    try {
      const broken = brokenRule(await handle.stat(), rules)
      if (broken !== undefined) return refused(broken)
      const bytes = await handle.readFile()
      return bytes.byteLength > rules.maxBytes ? refused(tooLarge(rules)) : { text: bytes.toString() }
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = systemCode(error) ?? 'unknown error'
    if (code === 'ENOENT' || code === 'ENOTDIR') return { refused: say('file.missing'), missing: true }
    return refused(say('file.unreadable', { code }))
  }
}

function refused(why: string): GuardedFile {
  return { refused: why, missing: false }
}

function tooLarge({ maxBytes }: FileRules): string {
  return say('file.large', { maxBytes })
}

function brokenRule(stats: Stats, rules: FileRules): string | undefined {
  if (!stats.isFile()) return say('file.kind')
  if (stats.size > rules.maxBytes) return tooLarge(rules)
  if ((rules.oneName === true || rules.secret === true) && stats.nlink > 1) return say('file.names')
  // Windows has no such mode; who may read a file stands in its access list.
  if (rules.secret !== true || process.platform === 'win32') return undefined
  if ((stats.mode & 0o077) !== 0) return say('file.mode')
  return stats.uid === process.geteuid?.() ? undefined : say('file.owner')
}
