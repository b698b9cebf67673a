import { afterAll } from 'vitest'
import { watchOpenResources, type OpenResource } from './open-resources.js'
import { watchWarnings } from './warnings.js'

/**
 * A setup file of vitest. A test file fails when it leaves a socket, a server, a child process or a timer open, when
 * it leaves a rejection unhandled, or when the process warns of something that no test expects. This hook is
 * registered first, so it runs after all hooks of the file.
 */

/** How long a close that is under way may take: FINs, TLS close_notify, a proxy's other half. */
const SETTLE_MS = 3_000

const watch = watchOpenResources()
const warnings = watchWarnings()
const rejections = new Map<Promise<unknown>, unknown>()

const onRejection = (reason: unknown, promise: Promise<unknown>): void => void rejections.set(promise, reason)
const onHandled = (promise: Promise<unknown>): void => void rejections.delete(promise)
process.on('unhandledRejection', onRejection)
process.on('rejectionHandled', onHandled)

afterAll(async () => {
  const leaks = await watch.settle(SETTLE_MS)
  watch.stop()
  warnings.stop()
  process.off('unhandledRejection', onRejection)
  process.off('rejectionHandled', onHandled)

  const reports = [
    ...leaks.map(describeLeak),
    ...[...rejections.values()].map((reason) => `an unhandled rejection: ${describeReason(reason)}`),
    ...warnings.unexpected().map((warning) => `a warning of the process: ${describeReason(warning)}`),
  ]
  if (reports.length > 0) throw new Error(`This file leaks or warns:\n${reports.join('\n')}`)
}, SETTLE_MS * 3)

function describeLeak({ kind, description, openedAt }: OpenResource): string {
  return [`a ${kind} ${description}`, ...openedAt.slice(0, 6).map((frame) => `    at ${frame}`)].join('\n')
}

function describeReason(reason: unknown): string {
  return reason instanceof Error ? (reason.stack ?? reason.message) : String(reason)
}
