import { afterEach, expect, test } from 'vitest'
import { ENGLISH } from '../../src/messages/english/index.js'
import { say, speak } from '../../src/messages/index.js'
import { speakAs } from '../../src/register/own-language.js'

afterEach(() => speak(ENGLISH))

test('without the file of the Chinese texts, register gives its reason in English', () => {
  // Among the sources there is no chinese.cjs, as in an image that copies single files.
  speakAs({ LANG: 'zh_CN.UTF-8' })
  expect(say('command.doctor.well')).toBe('All is well')
})
