import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BASE, CONTENDERS, OURS, OURS_SOCKS, whyNot, type Contender } from '../../bench/contenders/index.js'
import { runBench } from '../../bench/run.js'
import { parseCommandLine, SMOKE } from '../../bench/settings.js'
import type { Result } from '../../bench/results.js'
import { renderTables } from '../../bench/tables.js'
import { checkTargets } from '../../bench/targets.js'
import { FULL } from '../support/matrix.js'
import { builtPackage } from '../support/processes/built-package.js'

/** Each has three processes. In CI one of each kind, with either scheme, and one that is skipped. */
const WANTED = CONTENDERS.filter(
  ({ name }) =>
    FULL ||
    [
      BASE,
      OURS,
      OURS_SOCKS,
      'undici.fetch + ProxyAgent',
      'undici.fetch + Socks5ProxyAgent',
      '@discordjs/rest + ProxyAgent',
      'NODE_USE_ENV_PROXY (Node 22)',
    ].includes(name),
)

describe('the bench, at its smallest', () => {
  const skipped: string[] = []
  let results: readonly Result[] = []

  beforeAll(async () => {
    const { folder } = await builtPackage()
    const entry = pathToFileURL(join(folder, 'index.mjs')).href
    const settings = { ...SMOKE, wanted: (one: Contender) => WANTED.includes(one), entry }
    results = await runBench(settings, (line) => skipped.push(line))
  }, 300_000)
  afterAll(() => (results = []))

  test('every contender has a row in the first table', () => {
    const [, firstTable = ''] = renderTables(results, SMOKE.uploadBytes).split(/^### /m)
    for (const { name } of WANTED) expect(firstTable).toContain(`| ${name} `)
  })

  test('a contender is measured, or skipped aloud with the reason', () => {
    for (const { contender, note, loads } of results) {
      const reason = whyNot(contender)
      if (reason === undefined) {
        expect(note, contender.name).toBeUndefined()
        expect([...loads.keys()], contender.name).toEqual([1, 16, 64])
      } else {
        expect(note).toBe(reason)
        expect(skipped).toContain(`skipped: ${contender.name}: ${reason}`)
      }
    }
  })

  test('every ratio is a finite number', () => {
    const measured = checkTargets(results)
    expect(measured.length).toBeGreaterThanOrEqual(4)
    for (const target of measured) expect(target.measured, target.claim).toBeGreaterThan(0)
    expect(renderTables(results, SMOKE.uploadBytes)).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('the base of the ratios is 1.00 to itself', () => {
    const row = renderTables(results, SMOKE.uploadBytes)
      .split('\n')
      .find((line) => line.startsWith(`| ${BASE} `))
    expect(row?.match(/1\.00 \(/g)).toHaveLength(4)
  })

  test('a burst of our own arrives whole, through the small proxy too', () => {
    const ours = results.find(({ contender }) => contender.name === OURS)
    expect(ours?.bursts.map(({ arrived }) => arrived)).toEqual([200])
    expect(ours?.seconds.map(({ arrived }) => arrived)).toEqual([50, 50, 50, 50, 50, 50, 50, 50])
    expect(ours?.small?.arrived).toBe(200)
  })
})

describe('the command line of the bench', () => {
  test('--only keeps the base, without which there are no ratios', () => {
    const parsed = parseCommandLine(['--quick', '--only', 'node-fetch'])
    if (parsed === 'help') throw new Error('not asked for')
    const names = CONTENDERS.filter(parsed.settings.wanted).map(({ name }) => name)
    expect(names).toEqual([
      BASE,
      'node-fetch + HttpsProxyAgent, kept alive',
      'node-fetch + HttpsProxyAgent, one each',
    ])
  })

  test('the page takes the tables of a full run only', () => {
    expect(() => parseCommandLine(['--write', '--quick'])).toThrow('--write is for a full run')
    expect(() => parseCommandLine(['--wirte'])).toThrow(/wirte/)
  })
})
