import { randomUUID } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { systemCode } from '../../../errors.js'
import { pause } from '../../../reconnect/abortable.js'
import { OpenClawError } from '../openclaw-error.js'

/** What is done under the lock takes milliseconds. A lock of this age has lost its owner. */
const STALE_MS = 10_000
const WAIT_MS = 15_000
const RETRY_MS = 15

/**
 * Runs `work` while no other process runs it for the same file. The lock is a file beside it that is created
 * exclusively, which works on every system and file system that Node runs on.
 *
 * @throws OpenClawError ERR_OPENCLAW_DEVICE where the lock is not free in time
 */
export async function withFileLock<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  const lock = `${path}.lock`
  const until = performance.now() + WAIT_MS
  while (!(await take(lock))) {
    if (await isStale(lock)) await remove(lock)
    else if (performance.now() > until) throw lockedFor(lock)
    else await pause(RETRY_MS + Math.random() * RETRY_MS, new AbortController().signal)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const file = await open(lock, 'wx', 0o600)
    await file.writeFile(`${process.pid} ${hostname()}`)
    await file.close()
    return true
  } catch (error) {
    // Windows answers EPERM or EACCES while the file of the process before is being removed.
    const taken = process.platform === 'win32' ? ['EEXIST', 'EPERM', 'EACCES'] : ['EEXIST']
    if (taken.includes(systemCode(error) ?? '')) return false
    throw error
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(lock)
    if (Date.now() - mtimeMs > STALE_MS) return true
    const [pid = '', host] = (await readFile(lock, 'utf8')).split(' ')
    return host === hostname() && /^\d+$/.test(pid) && !isRunning(Number(pid))
  } catch {
    // It is gone: the next attempt may take it.
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // The process of another user.
    return systemCode(error) === 'EPERM'
  }
}

/** Two processes may find the same stale lock, and the second must not remove the new lock of the first. */
async function remove(lock: string): Promise<void> {
  const aside = `${lock}.${randomUUID()}`
  try {
    await rename(lock, aside)
  } catch {
    return
  }
  if (!(await isStale(aside))) await link(aside, lock).catch(() => undefined)
  await rm(aside, { force: true })
}

function lockedFor(lock: string): OpenClawError {
  return new OpenClawError(`The lock of the device file was not free within ${WAIT_MS} ms`, {
    code: 'ERR_OPENCLAW_DEVICE',
    hint: `Another process holds it. If none runs, remove ${lock}.`,
    retryable: true,
  })
}
