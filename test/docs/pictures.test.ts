import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { benchRows } from '../../scripts/pictures/bench.js'
import { recorded } from '../../scripts/pictures/doctor.js'
import { renderPictures } from '../../scripts/pictures/pictures.js'
import { SENDS } from '../../scripts/pictures/round-trips.js'
import { readChinesePages, readPages } from './code-blocks.js'

const ROOT = join(import.meta.dirname, '../..')
const pictures = [...renderPictures()]
const pages = [...(await readPages()), ...(await readChinesePages())]

describe('the pictures of the pages', () => {
  test.each(pictures)('%s is what its script draws: npm run docs:pictures', (path, svg) => {
    expect(existsSync(join(ROOT, path))).toBe(true)
    expect(readFileSync(join(ROOT, path), 'utf8')).toBe(svg)
  })

  test.each(pictures)('%s has a title and a description, and no text below 13 units', (_path, svg) => {
    expect(svg).toMatch(/<title id="title">[^<]{5,}<\/title>/)
    expect(svg).toMatch(/<desc id="description">[^<]{40,}<\/desc>/)
    for (const [, size] of svg.matchAll(/font-size="([\d.]+)"/g))
      expect(Number(size)).toBeGreaterThanOrEqual(13)
  })

  test('each picture of a page exists in light and dark, and has a text alternative', () => {
    const shown = new Set<string>()
    for (const { path, text } of pages)
      for (const [, dark = '', image = ''] of text.matchAll(
        /<picture>\s*<source media="\(prefers-color-scheme: dark\)" srcset="(.*?)" ?\/?>\s*<img (.*?)>/gs,
      )) {
        const light = /src="(.*?)"/.exec(image)?.[1] ?? ''
        expect(light).toBe(dark.replace('-dark.svg', '-light.svg'))
        expect(image).toMatch(/alt="[^"]{20,}"/)
        for (const file of [light, dark]) shown.add(join(path, '..', file))
      }
    const english = pictures.map(([path]) => path).filter((path) => path.startsWith('docs/pictures/'))
    expect([...shown].filter((path) => !path.includes('zh-CN')).sort()).toEqual([...english].sort())
  })
})

describe('the data of the pictures', () => {
  test('round trips are those that performance.md counts', () => {
    const page = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8')
    const trips = (name: string): readonly number[] => {
      const row = new RegExp(`^\\| ${name} +\\| +(\\d) \\(.*?\\| +(\\d) \\(`, 'm').exec(page)
      return [Number(row?.[1]), Number(row?.[2])]
    }
    const drawn = Object.fromEntries(SENDS.map(({ id, steps }) => [id, steps.length]))
    expect(trips('discord-transport')).toEqual([drawn['http'], drawn['warm']])
    expect(trips('discord-transport, socks5')).toEqual([drawn['socks5'], drawn['warm']])
  })

  test('the bench has ours and the peers', () => {
    const names = benchRows().map(({ name }) => name)
    expect(names).toContain('discord-transport')
    expect(names.length).toBeGreaterThan(5)
  })

  test('the reports of doctor are real ones', () => {
    expect(recorded('healthy', 'en')).toMatchObject({ schemaVersion: 1, ok: true })
    expect(recorded('broken', 'en').hops.find(({ status }) => status === 'failed')).toMatchObject({
      id: 'tunnel',
      code: 'ERR_PROXY_DENIED',
    })
  })
})
