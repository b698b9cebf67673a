/**
 * Warnings of the process (`process.emitWarning`, MaxListenersExceededWarning, deprecations). One that no test expects
 * fails its test file.
 */

interface ExpectedWarning {
  readonly name: string
  readonly message: RegExp
  readonly reason: string
}

/** Warnings that no test can prevent. */
const EXPECTED: readonly ExpectedWarning[] = [
  {
    name: 'ExperimentalWarning',
    message:
      /^(?:Importing WebAssembly module|CommonJS module .* is loading ES Module|Import Attributes|SQLite|zstd)/,
    reason: 'Node 20 to 26 say so of their own features, some of which dependencies load.',
  },
]

const expected = new WeakSet<Error>()

/** Resolves with the next warning of the process whose message matches. */
export function expectWarning(message: RegExp): Promise<Error> {
  return new Promise((resolve) => {
    const onWarning = (warning: Error): void => {
      if (!message.test(warning.message)) return
      process.off('warning', onWarning)
      expected.add(warning)
      resolve(warning)
    }
    process.on('warning', onWarning)
  })
}

export interface WarningWatch {
  /** The warnings since the watch began that are not expected. */
  unexpected(): readonly Error[]
  stop(): void
}

export function watchWarnings(): WarningWatch {
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  return {
    unexpected: () => warnings.filter((warning) => !expected.has(warning) && !isExpected(warning)),
    stop: () => void process.off('warning', onWarning),
  }
}

function isExpected({ name, message }: Error): boolean {
  return EXPECTED.some((one) => one.name === name && one.message.test(message))
}
