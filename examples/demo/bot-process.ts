import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BotMessage, BotResult, BotSettings } from './messages.js'

/** A run that went wrong, for a reason that its user can do something about. */
export class DemoError extends Error {
  readonly hint: string | undefined

  constructor(message: string, hint?: string) {
    super(message)
    this.hint = hint
  }
}

export interface BotListener {
  readonly onSays: (who: 'bot' | 'guard', text: string) => void
  readonly onReady?: () => void
}

/**
 * Runs the bot in a process of its own until it is done.
 *
 * @param timeoutMs for all of it
 * @throws DemoError with what the bot said of its failure
 */
export async function runBot(
  settings: BotSettings,
  { onSays, onReady }: BotListener,
  timeoutMs: number,
): Promise<BotResult> {
  // The file beside this one, started as this one was: by tsx, or compiled.
  const bot = fork(fileURLToPath(new URL(`bot${extname(import.meta.url)}`, import.meta.url)), {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let stderr = ''
  bot.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise<BotResult>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(
          new DemoError(
            `The bot was not done after ${timeoutMs / 1000} s`,
            'The last line says how far it came.',
          ),
        )
      }, timeoutMs)
      bot.once('close', () => reject(new DemoError('The bot ended before it was done', lastLines(stderr))))
      bot.on('message', (message: BotMessage) => {
        switch (message.type) {
          case 'says':
            onSays(message.who, message.text)
            return
          case 'ready':
            onReady?.()
            return
          case 'done':
            resolve(message.result)
            return
          case 'failed':
            reject(new DemoError(message.message, message.hint))
        }
      })
      bot.send(settings)
    })
  } finally {
    clearTimeout(timer)
    await end(bot)
  }
}

async function end(bot: ChildProcess): Promise<void> {
  if (bot.exitCode !== null || bot.signalCode !== null) return
  // Not 'close', which Node does not emit after a disconnect from this side.
  const exited = once(bot, 'exit')
  if (bot.connected) bot.disconnect()
  else bot.kill()
  await exited
}

function lastLines(text: string): string | undefined {
  const lines = text.trim().split('\n').slice(-5).join('\n')
  return lines === '' ? undefined : lines
}
