import { expect, test } from 'vitest'
import { diagnosisText } from '../../src/cli/text/diagnosis-text.js'
import type { Style } from '../../src/cli/text/terminal.js'
import { diagnose } from '../doctor/diagnose/diagnose.js'
import { reachDirectly } from '../support/direct-discord.js'
import { startLab } from '../support/lab.js'

const same = (text: string): string => text
const PLAIN: Style = { good: same, bad: same, warn: same, dim: same, bold: same }

const EVERYTHING = { compare: true, allHosts: true, audience: 'command' } as const

test('a broken path with everything asked for: what failed, why, what to try, in under twenty lines', async () => {
  const lab = await startLab({ fault: { kind: 'status', status: 403 } })
  reachDirectly(lab.names)
  const { token, channelId: channel } = lab.discord
  const lines = diagnosisText(await diagnose(lab, {}, { ...EVERYTHING, token, channel }), PLAIN).split('\n')
  expect(lines.length).toBeLessThan(20)
  const at = (words: string): number => lines.findIndex((line) => line.includes(words))
  const order = [
    at('✗ tunnel to discord.com:443'),
    at('ERR_PROXY_DENIED: The proxy'),
    at('try: '),
    at('more hops not reached'),
    at('FAILED at tunnel to discord.com:443'),
    at('Without the proxy: all hops passed'),
    at('The proxy is the failure'),
  ]
  expect(order[0]).toBeGreaterThan(0)
  expect(order).toEqual([...order].sort((a, b) => a - b))
})

test('a terminal of 40 columns gets no bars', async () => {
  const lab = await startLab()
  const diagnosis = await diagnose(lab)
  expect(diagnosisText(diagnosis, PLAIN)).toContain('█')
  expect(diagnosisText(diagnosis, PLAIN, 40)).not.toContain('█')
})
