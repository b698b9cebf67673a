import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { startLab } from '../support/lab.js'
import { writeTemporary } from '../support/temporary-file.js'
import { runCommand } from './in-process.js'

test('a signal ends doctor --watch within the pause between two rounds', async () => {
  const lab = await startLab({ fault: { kind: 'status', status: 403 } })
  const page = join(dirname(await writeTemporary('empty', '')), 'page.html')
  const args = ['--proxy-url', lab.proxy.url, '--interval-ms', '10000', '--html', page]
  const ended = runCommand(['doctor', '--watch', ...args])
  // It is written at the end of a round.
  await expect.poll(() => existsSync(page)).toBe(true)
  const signalledAt = performance.now()
  process.emit('SIGTERM', 'SIGTERM')
  expect(await ended).toMatchObject({ code: 1 })
  expect(performance.now() - signalledAt).toBeLessThan(5_000)
})
