import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/**
 * Runs a line of the shell at a terminal, which `script` gives its child.
 *
 * @param env beside PATH and TERM
 * @returns what it wrote to the terminal
 */
export async function atTerminal(line: string, env: Readonly<Record<string, string>>): Promise<string> {
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { PATH: process.env['PATH'] ?? '', TERM: 'xterm', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const shown = await text(child.stdout)
  if (child.exitCode === null) await once(child, 'close')
  return shown
}
