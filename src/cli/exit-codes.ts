/** What the command ends with. */
export const EXIT = {
  ok: 0,
  /** Something that was looked at is not as it should be. */
  failed: 1,
  /** The command line itself is not usable. */
  usage: 2,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** A flag or an argument whose value is not usable; its message says what was expected and repeats no value. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
