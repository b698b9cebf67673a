import { describe, expect, test } from 'vitest'
import { TransportError } from '../../src/index.js'
import { hintFor } from '../../src/errors.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { render, text, type MessageKey } from '../../src/messages/index.js'

describe('the catalogue of messages', () => {
  test('a text has the wording of its audience', () => {
    const hint = text('route.timeout.direct.hint')
    expect(render(hint, 'library')).toContain('connectTimeoutMs')
    expect(render(hint, 'command')).toContain('--timeout-ms')
  })

  test('a value stands in the place of its name', () => {
    expect(render(text('doctor.token.refused', { by: '401' }))).toBe(
      'Discord does not accept the token (401)',
    )
  })

  test('a value that looks like a name is left as it is', () => {
    expect(render(text('doctor.token.refused', { by: '{by} $& $1' }))).toBe(
      'Discord does not accept the token ({by} $& $1)',
    )
  })

  test.each(Object.keys(ENGLISH) as MessageKey[])(
    '%s speaks to the command without options of the library',
    (key) => {
      const [library, command] = (['library', 'command'] as const).map((audience) =>
        render({ key, values: {} }, audience),
      )
      expect([library, command]).toEqual([library?.trim(), command?.trim()])
      expect(command).not.toMatch(/connectTimeoutMs|proxyTls\.|\btls\.\w|noProxy|dns: '|[{|}]/)
    },
  )
})

describe('the hint of a TransportError', () => {
  const details = { code: 'ERR_PROXY_TIMEOUT', phase: 'tunnel', retryable: true } as const

  test('has the words of the library, and those of the command on demand', () => {
    const error = new TransportError('late', { ...details, hint: text('route.timeout.proxy.hint') })
    expect(error.hint).toContain('connectTimeoutMs')
    expect(hintFor(error, 'library')).toBe(error.hint)
    expect(hintFor(error, 'command')).toContain('--timeout-ms')
  })

  test('that is a plain string is the same for both', () => {
    const error = new TransportError('late', { ...details, hint: 'wait' })
    expect([error.hint, hintFor(error, 'library'), hintFor(error, 'command')]).toEqual([
      'wait',
      'wait',
      'wait',
    ])
  })
})
