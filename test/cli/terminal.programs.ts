import { describe, expect, test } from 'vitest'
import { wrap } from '../../src/cli/text/terminal.js'
import { missingPrograms } from '../real/installed.js'
import { startLab } from '../support/lab.js'
import { atTerminal } from './at-terminal.js'
import { builtCommand } from './command.js'

const command = builtCommand()
const noTerminal = missingPrograms(['script', 'stty'])

describe('wrap', () => {
  test('breaks between words, indents the rest, and leaves short lines alone', () => {
    expect(wrap('  one two three\nfour', 10)).toBe('  one two\n    three\nfour')
  })

  test('a word that is too long stays whole, and colours have no width', () => {
    expect(wrap('a-very-long-word b', 6)).toBe('a-very-long-word\n  b')
    expect(wrap('\u001b[32mone\u001b[39m two', 7)).toBe('\u001b[32mone\u001b[39m two')
  })

  test('without a terminal nothing is broken', () => {
    expect(wrap('one two', undefined)).toBe('one two')
  })
})

describe.skipIf(noTerminal.length > 0)('validate at a terminal', () => {
  /** `stty` gives the terminal its width. */
  const validateAt = async (env: Record<string, string>): Promise<string> => {
    const lab = await startLab({ scheme: 'socks5', fault: { kind: 'socks-reply', code: 8 } })
    const args = ['validate', '--policy', '--proxy-url', lab.proxy.url, '--timeout-ms', '2000']
    const line = ['stty cols 40;', process.execPath, command.path, ...args].join(' ')
    return atTerminal(line, env)
  }

  test('there are colours and a line that changes', async () => {
    const shown = await validateAt({})
    expect(shown).toContain('\u001b[33m!\u001b[39m')
    expect(shown).toContain('\r\u001b[K')
  })

  test('a dumb terminal gets no escape sequence', async () => {
    expect(await validateAt({ TERM: 'dumb' })).not.toContain('\u001b')
  })

  test('with NO_COLOR there are no colours', async () => {
    expect(await validateAt({ NO_COLOR: '1' })).not.toMatch(/\u001b\[\d+m/)
  })

  test('40 columns are enough', async () => {
    const shown = await validateAt({ TERM: 'dumb' })
    expect(shown).toContain('FAILED')
    for (const line of shown.split(/\r?\n/))
      if (line.trim().includes(' ')) expect(line.length).toBeLessThanOrEqual(40)
  })
})
