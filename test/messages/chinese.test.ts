import { afterEach, describe, expect, test } from 'vitest'
import { CHINESE } from '../../src/messages/chinese/index.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { render, say, speak, text } from '../../src/messages/index.js'

const english: Readonly<Record<string, string>> = ENGLISH
const chinese: Readonly<Record<string, string>> = CHINESE

function names(template = ''): readonly string[] {
  return [...new Set(template.match(/\{\w+\}/g) ?? [])].sort()
}

function hasAudiences(template = ''): boolean {
  return template.includes('|')
}

describe('the Chinese catalogue', () => {
  afterEach(() => speak(ENGLISH))

  test('has every text of the English one, and no other', () => {
    expect(Object.keys(chinese).sort()).toEqual(Object.keys(english).sort())
  })

  test.each(Object.keys(english))('%s has the same values, for the same audiences', (key) => {
    expect(names(chinese[key])).toEqual(names(english[key]))
    expect(hasAudiences(chinese[key])).toBe(hasAudiences(english[key]))
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
