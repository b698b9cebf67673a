import { afterEach, describe, expect, test } from 'vitest'
import { CHINESE } from '../../src/messages/chinese/index.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { render, say, speak, text, type Template } from '../../src/messages/index.js'

const english: Readonly<Record<string, Template>> = ENGLISH
const chinese: Readonly<Record<string, Template>> = CHINESE

function wordings(template: Template | undefined): readonly string[] {
  if (template === undefined) return []
  return typeof template === 'string' ? [template] : [template.library, template.command]
}

function names(template: Template | undefined): readonly string[] {
  return [...new Set(wordings(template).flatMap((wording) => wording.match(/\{\w+\}/g) ?? []))].sort()
}

describe('the Chinese catalogue', () => {
  afterEach(() => speak(ENGLISH))

  test('has every text of the English one, and no other', () => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort())
  })

  test.each(Object.keys(english))('%s has the same values, for the same audiences', (key) => {
    expect(names(chinese[key])).toEqual(names(english[key]))
    expect(typeof chinese[key]).toBe(typeof english[key])
  })

  test('is what texts are written in after speak()', () => {
    const hint = text('route.timeout.direct.hint')
    expect(say('command.doctor.well')).toBe('All is well')
    speak(CHINESE)
    expect(say('command.doctor.well')).toBe('一切正常')
    expect(render(hint, 'command')).toContain('--timeout-ms')
    expect(say('validate.urls')).toBe('必须是 http:// 或 https:// URL 的数组')
  })
})
