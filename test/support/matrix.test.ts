import { describe, expect, test } from 'vitest'
import { everyPair, everyValue, seedCount } from './matrix.js'

const COLUMNS = {
  library: ['carbon', 'discord.js', 'eris'],
  surface: ['rest', 'gateway', 'upload', 'download'],
  scheme: ['http', 'https', 'socks5'],
  node: [20, 22, 24, 26],
} as const

describe('in full', () => {
  test('a matrix is every combination', () => {
    expect(everyValue(COLUMNS, true)).toHaveLength(3 * 4 * 3 * 4)
    expect(everyPair(COLUMNS, true)).toEqual(everyValue(COLUMNS, true))
  })

  test('every seed runs', () => {
    expect(seedCount(500, true)).toBe(500)
  })
})

describe('in CI', () => {
  test('everyValue has each value, in as many rows as the longest column has values', () => {
    const rows = everyValue(COLUMNS, false)
    expect(rows).toHaveLength(4)
    for (const name of ['library', 'surface', 'scheme', 'node'] as const)
      expect(new Set<unknown>(rows.map((row) => row[name]))).toEqual(new Set<unknown>(COLUMNS[name]))
  })

  test('everyPair has each pair of values, in far fewer rows than the whole', () => {
    const rows = everyPair(COLUMNS, false)
    const names = ['library', 'surface', 'scheme', 'node'] as const
    for (const one of names)
      for (const other of names.filter((name) => name > one)) {
        const pairs = new Set(rows.map((row) => `${row[one]} ${row[other]}`))
        expect(pairs.size, `${one} and ${other}`).toBe(COLUMNS[one].length * COLUMNS[other].length)
      }
    // 16 is the least: four surfaces by four lines of Node.
    expect(rows.length).toBeLessThanOrEqual(20)
  })

  test('the rows are the same on each run', () => {
    expect(everyPair(COLUMNS, false)).toEqual(everyPair(COLUMNS, false))
  })

  test('ten seeds run, or fewer where there are fewer', () => {
    expect([seedCount(500, false), seedCount(3, false)]).toEqual([10, 3])
  })
})
