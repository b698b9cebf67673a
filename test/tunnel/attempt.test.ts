import { getEventListeners } from 'node:events'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { Attempt } from '../../src/tunnel/attempt.js'

function begin(timeoutMs: number, signals: readonly AbortSignal[] = []): Attempt {
  const attempt = new Attempt({ timeoutMs, signals, onTimeout: () => new Error('late') })
  onTestFinished(() => attempt.dispose())
  return attempt
}

describe('an attempt', () => {
  // The transport's own signal lives as long as the bot, which opens a tunnel again and again.
  test('that is over listens to no signal any more', () => {
    const closing = new AbortController()
    const attempts = [begin(10_000, [closing.signal]), begin(10_000, [closing.signal])]
    expect(getEventListeners(closing.signal, 'abort')).toHaveLength(2)
    for (const attempt of attempts) attempt.dispose()
    expect(getEventListeners(closing.signal, 'abort')).toEqual([])
  })

  test('shares the time that is left out to the proxies that are left, and not the time that it was given', () => {
    const startedAt = performance.now()
    const clock = vi.spyOn(performance, 'now').mockReturnValue(startedAt)
    onTestFinished(() => clock.mockRestore())
    const attempt = begin(9_000)
    expect(attempt.shareMs(3)).toBe(3_000)
    clock.mockReturnValue(startedAt + 3_000)
    expect(attempt.shareMs(2)).toBe(3_000)
    clock.mockReturnValue(startedAt + 6_000)
    expect(attempt.shareMs(1)).toBe(3_000)
  })
})
