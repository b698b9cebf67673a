import { describe, expect, it, vi } from 'vitest'
import { scripted, unreachable, WEBHOOK } from './scripted.js'

describe('a wait for a proxy that could not be connected to', () => {
  it('ends when the proxy can be connected to again, and the next attempt follows', async () => {
    const onProxyReturn = vi.fn((_error: Error, onReturn: () => void) => {
      onReturn()
      return () => undefined
    })
    const { fetch, sent, clock } = scripted([unreachable(), 200], {}, { onProxyReturn })
    const { time } = clock
    expect((await fetch(WEBHOOK)).status).toBe(200)
    expect(sent).toHaveLength(2)
    expect(clock.time).toBe(time)
  })

  it.each([
    ['its time', undefined],
    ['an abort', new Error('enough')],
  ])('that is over by %s watches the proxy no longer', async (_end, reason) => {
    const stop = vi.fn()
    const controller = new AbortController()
    const { fetch, clock } = scripted([unreachable(), 200], {}, { onProxyReturn: () => stop })
    clock.onWait = () => {
      expect(stop).not.toHaveBeenCalled()
      if (reason !== undefined) controller.abort(reason)
    }
    const call = fetch(WEBHOOK, { signal: controller.signal })
    if (reason === undefined) expect((await call).status).toBe(200)
    else await expect(call).rejects.toBe(reason)
    expect(stop).toHaveBeenCalledTimes(1)
  })
})
