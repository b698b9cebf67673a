/** The pictures on a phone, and the page of `doctor --html`, in Chromium. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recorded } from '../../scripts/pictures/doctor.js'
import { renderPictures } from '../../scripts/pictures/pictures.js'
import { diagnosisPage } from '../../src/cli/text/diagnosis-page.js'
import { CHINESE } from '../../src/messages/chinese/index.js'
import { ENGLISH } from '../../src/messages/english/index.js'
import { speak } from '../../src/messages/index.js'
import { temporaryFolder } from '../docs/temporary-folder.js'
import { startBrowser } from './browser.js'

const ROOT = join(import.meta.dirname, '../..')

interface DrawnText {
  readonly words: string
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  readonly height: number
}

/** An expression of the browser: where each text of the picture is. */
const TEXTS = `[...document.querySelectorAll('text')].map((element) => {
  const { left, right, top, bottom, height } = element.getBoundingClientRect()
  return { words: element.textContent, left, right, top, bottom, height }
})`

let browser: Browser

beforeAll(async () => {
  browser = await startBrowser()
})
afterAll(() => browser.close())

/** How different the pixels are: a picture that is one colour compresses to almost nothing. */
const EMPTY_SCREENSHOT = 3_000

describe('each picture', () => {
  test('has its text inside, without overlaps, and can be read at phone width', async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 900 }, deviceScaleFactor: 2 })
    for (const path of renderPictures().keys()) {
      await page.setContent(
        `<body style="margin:0">${readFileSync(join(ROOT, path), 'utf8').replace(/width="480" height="\d+"/, 'width="360"')}</body>`,
      )
      const texts = await page.evaluate<readonly DrawnText[]>(TEXTS)
      expect(texts.length, path).toBeGreaterThan(3)
      for (const [at, one] of texts.entries()) {
        expect(one.left, `${path}: ${one.words}`).toBeGreaterThanOrEqual(0)
        expect(one.right, `${path}: ${one.words}`).toBeLessThanOrEqual(360)
        expect(one.height, `${path}: ${one.words}`).toBeGreaterThan(9)
        for (const other of texts.slice(at + 1)) {
          const apart =
            one.right <= other.left ||
            other.right <= one.left ||
            one.bottom - 5 <= other.top ||
            other.bottom - 5 <= one.top
          expect(apart, `${path}: ${one.words} over ${other.words}`).toBe(true)
        }
      }
      const screenshot = await page.locator('svg').screenshot()
      expect(screenshot.length, path).toBeGreaterThan(EMPTY_SCREENSHOT)
    }
    await page.close()
  })
})

describe('the page of doctor --html', () => {
  test.each(['en', 'zh-CN'] as const)(
    '%s: shows every hop, needs nothing else, and fits a phone',
    async (language) => {
      if (language === 'zh-CN') speak(CHINESE)
      const html = diagnosisPage(recorded('broken', language))
      speak(ENGLISH)
      const file = join(await temporaryFolder(), 'report.html')
      await writeFile(file, html)
      const context = await browser.newContext({ viewport: { width: 360, height: 900 } })
      const page = await context.newPage()
      const requests: string[] = []
      page.on('request', (request) => requests.push(request.url()))
      await page.goto(`file://${file}`)
      expect(await page.locator('tbody tr').count()).toBe(8)
      expect(await page.locator('tr.failed').innerText()).toContain('ERR_PROXY_DENIED')
      expect(await page.getAttribute('html', 'lang')).toBe(language)
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360)
      expect(requests).toEqual([`file://${file}`])
      await context.close()
    },
  )

  test('Chinese has glyphs: two characters do not look alike', async () => {
    const page = await browser.newPage()
    const shots = await Promise.all(
      ['网', '关'].map(async (character) => {
        const one = await browser.newPage()
        await one.setContent(`<p style="font: 40px sans-serif; width: 60px">${character}</p>`)
        return (await one.locator('p').screenshot()).toString('base64')
      }),
    )
    expect(shots[0]).not.toBe(shots[1])
    await page.close()
  })
})
