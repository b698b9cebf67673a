import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { diagnoseConfiguration } from '../../doctor/index.js'
import { TransportError, type Diagnosis, type DiagnoseOptions, type DiscordTransport } from '../../index.js'
import type { ConnectionFlags } from '../connection-options.js'
import { connectionSettings, type ConnectionSettings, type OpenClawFlags } from '../connection-settings.js'
import { EXIT, UsageError, type ExitCode } from '../exit-codes.js'
import type { LanguageFlags } from '../language.js'
import { limitLookups } from '../lookup-limits.js'
import { say } from '../../messages/index.js'
import { systemCode } from '../../errors.js'
import { diagnosisLine, diagnosisText } from '../text/diagnosis-text.js'
import { Progress } from '../text/progress.js'
import { print, styleFor } from '../text/terminal.js'
import { readToken, type TokenFlags } from '../token.js'

export interface DoctorFlags extends ConnectionFlags, OpenClawFlags, TokenFlags, LanguageFlags {
  readonly timeoutMs: number
  readonly intents?: number
  readonly channel?: string
  readonly uploadBytes?: number
  readonly compare?: boolean
  readonly allHosts?: boolean
  readonly watch?: boolean
  readonly intervalMs: number
  readonly json?: boolean
  readonly html?: string
}

export async function doctor(flags: DoctorFlags): Promise<ExitCode> {
  limitLookups()
  const settings = await connectionSettings(flags)
  const token = (await readToken(flags)) ?? (await configuredToken(settings))
  if (token === undefined && (flags.channel !== undefined || flags.intents !== undefined))
    throw new UsageError(say('usage.needs-token'))
  if (flags.watch === true) return watch(flags, settings, token)
  const diagnosis = await examine(flags, settings, { token, channel: flags.channel })
  await print(flags.json === true ? json(diagnosis, 2) : report(diagnosis))
  await writePage(flags, diagnosis)
  return diagnosis.ok ? EXIT.ok : EXIT.failed
}

/**
 * Round after round until a signal; the whole report at first and whenever the outcome changes. Only the first round
 * identifies and sends messages: each identify uses up a session start, and Discord resets the token of a bot that
 * has none left.
 */
async function watch(
  flags: DoctorFlags,
  settings: ConnectionSettings,
  token: string | undefined,
): Promise<ExitCode> {
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  let last: Diagnosis | undefined
  try {
    while (!stop.signal.aborted) {
      const identify = last === undefined
      const channel = identify ? flags.channel : undefined
      const diagnosis = await examine(flags, settings, { token, identify, channel, signal: stop.signal })
      const changed = last === undefined || outcome(last) !== outcome(diagnosis)
      last = diagnosis
      await print(
        flags.json === true
          ? json(diagnosis)
          : changed
            ? `${report(diagnosis)}\n`
            : diagnosisLine(diagnosis, styleFor(process.stdout)),
      )
      await writePage(flags, diagnosis)
      await sleep(flags.intervalMs, undefined, { signal: stop.signal })
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
  return last?.ok === false ? EXIT.failed : EXIT.ok
}

function outcome({ hops, otherProxies = [] }: Diagnosis): string {
  const all = [hops, ...otherProxies.map((other) => other.hops)].flat()
  const missed = all.filter(({ status }) => status !== 'ok')
  return missed.map(({ id, status, code }) => `${id} ${status} ${code ?? ''}`).join()
}

function report(diagnosis: Diagnosis): string {
  return diagnosisText(diagnosis, styleFor(process.stdout), process.stdout.columns)
}

async function writePage({ html }: DoctorFlags, diagnosis: Diagnosis): Promise<void> {
  if (html === undefined) return
  const { diagnosisPage } = await import('../text/diagnosis-page.js')
  try {
    await writeFile(html, diagnosisPage(diagnosis))
  } catch (error) {
    throw new UsageError(say('usage.html', { code: systemCode(error) ?? say('usage.no-code') }))
  }
  process.stderr.write(`${say('command.html.written', { file: html })}\n`)
}

function json(diagnosis: Diagnosis, indent = 0): string {
  return `${JSON.stringify(diagnosis, null, indent)}\n`
}

async function examine(
  flags: DoctorFlags,
  settings: ConnectionSettings,
  asked: DiagnoseOptions,
): Promise<Diagnosis> {
  const { timeoutMs, intents, uploadBytes, compare, allHosts } = flags
  const progress = new Progress(flags.json !== true || process.stderr.isTTY)
  const diagnoseOptions: DiagnoseOptions = {
    ...asked,
    timeoutMs,
    intents,
    uploadBytes,
    compare,
    allHosts,
    audience: 'command',
    onProgress: progress.note,
  }
  const transport = open(settings, timeoutMs)
  if (transport instanceof TransportError) {
    progress.stop()
    return diagnoseConfiguration(transport, settings.env, diagnoseOptions)
  }
  try {
    return withNotes(await transport.diagnose(diagnoseOptions), settings)
  } finally {
    progress.stop()
    await transport.close()
  }
}

/** A reference that cannot be resolved concerns the configuration, and not the way to Discord. */
async function configuredToken(settings: ConnectionSettings): Promise<string | undefined> {
  try {
    return await settings.token()
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    throw new UsageError(`${error.message}\n${error.hint}\n${say('usage.or-token')}`)
  }
}

function withNotes(diagnosis: Diagnosis, { notes }: ConnectionSettings): Diagnosis {
  const own = notes.map((text) => ({ code: 'openclaw', text }) as const)
  return { ...diagnosis, notes: [...own, ...diagnosis.notes] }
}

/** The flags have been checked: what fails now is a variable, or a configuration. */
function open(settings: ConnectionSettings, connectTimeoutMs: number): DiscordTransport | TransportError {
  try {
    return settings.open({ connectTimeoutMs })
  } catch (error) {
    if (error instanceof TransportError) return error
    throw error
  }
}
