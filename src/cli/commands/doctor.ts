import { setTimeout as sleep } from 'node:timers/promises'
import { diagnoseConfiguration } from '../../doctor/index.js'
import {
  createDiscordTransport,
  TransportError,
  type Diagnosis,
  type DiagnoseOptions,
  type TransportOptions,
} from '../../index.js'
import { transportOptions, type ConnectionFlags } from '../connection-options.js'
import { EXIT, type ExitCode } from '../exit-codes.js'
import { limitLookups } from '../lookup-limits.js'
import { diagnosisLine, diagnosisText } from '../text/diagnosis-text.js'
import { Progress } from '../text/progress.js'
import { print, styleFor } from '../text/terminal.js'
import { readToken, type TokenFlags } from '../token.js'

export interface DoctorFlags extends ConnectionFlags, TokenFlags {
  readonly timeoutMs: number
  readonly watch?: boolean
  readonly intervalMs: number
  readonly json?: boolean
}

export async function doctor(flags: DoctorFlags): Promise<ExitCode> {
  limitLookups()
  const options = { ...transportOptions(flags), connectTimeoutMs: flags.timeoutMs }
  const token = await readToken(flags)
  if (flags.watch === true) return watch(flags, options, token)
  const diagnosis = await examine(flags, options, { token })
  await print(flags.json === true ? json(diagnosis, 2) : diagnosisText(diagnosis, styleFor(process.stdout)))
  return diagnosis.ok ? EXIT.ok : EXIT.failed
}

/**
 * Round after round until a signal; the whole report at first and whenever the outcome is another. Only the first
 * round identifies: each one would use up a session start, and Discord resets the token of a bot that has none left.
 */
async function watch(
  flags: DoctorFlags,
  options: TransportOptions,
  token: string | undefined,
): Promise<ExitCode> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const style = styleFor(process.stdout)
  let last: Diagnosis | undefined
  try {
    while (!stop.signal.aborted) {
      const identify = last === undefined
      const diagnosis = await examine(flags, options, { token, identify, signal: stop.signal })
      const changed = last === undefined || outcome(last) !== outcome(diagnosis)
      last = diagnosis
      await print(
        flags.json === true
          ? json(diagnosis)
          : changed
            ? `${diagnosisText(diagnosis, style)}\n`
            : diagnosisLine(diagnosis, style),
      )
      await sleep(flags.intervalMs, undefined, { signal: stop.signal })
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
  return last?.ok === false ? EXIT.failed : EXIT.ok
}

function outcome({ hops }: Diagnosis): string {
  const missed = hops.filter(({ status }) => status !== 'ok')
  return missed.map(({ id, status, code }) => `${id} ${status} ${code ?? ''}`).join()
}

function json(diagnosis: Diagnosis, indent = 0): string {
  return `${JSON.stringify(diagnosis, null, indent)}\n`
}

async function examine(
  flags: DoctorFlags,
  options: TransportOptions,
  diagnoseOptions: DiagnoseOptions,
): Promise<Diagnosis> {
  const transport = create(options)
  if (transport instanceof TransportError)
    return diagnoseConfiguration(transport, process.env, diagnoseOptions)
  const progress = new Progress(flags.json !== true || process.stderr.isTTY)
  try {
    const { timeoutMs } = flags
    return await transport.diagnose({ ...diagnoseOptions, timeoutMs, onProgress: progress.note })
  } finally {
    progress.stop()
    await transport.close()
  }
}

/** The flags have been checked: what fails now is a variable. */
function create(options: TransportOptions): ReturnType<typeof createDiscordTransport> | TransportError {
  try {
    return createDiscordTransport(options)
  } catch (error) {
    if (error instanceof TransportError) return error
    throw error
  }
}
