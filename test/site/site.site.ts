/** The built site in Chromium: it needs no other host, finds words in both languages, and no link is dead. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { serve, startBrowser, type StaticServer } from './browser.js'

const DIST = join(import.meta.dirname, '../../site/dist')
const hasChinese = existsSync(join(DIST, 'zh-CN/index.html'))

/** Expressions of the browser. */
const IDS = `[...document.querySelectorAll('[id]')].map((element) => element.id)`
const LINKS = `[...document.querySelectorAll('a[href]')].map((anchor) => anchor.getAttribute('href'))`

let browser: Browser
let site: StaticServer
let page: Page
/** Every request that did not go to the site. */
const elsewhere: string[] = []

beforeAll(async () => {
  site = await serve(DIST)
  browser = await startBrowser()
  page = await browser.newPage({ viewport: { width: 1280, height: 800 } })
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(site.url) && !url.startsWith('data:')) elsewhere.push(url)
  })
})

afterAll(async () => {
  await browser.close()
  await site[Symbol.asyncDispose]()
})

/** The addresses of the results for a word. */
async function search(start: string, word: string): Promise<readonly string[]> {
  await page.goto(`${site.url}${start}`, { waitUntil: 'networkidle' })
  await page.keyboard.press('Control+k')
  await page.fill('.VPLocalSearchBox input', word)
  const result = page.locator('.VPLocalSearchBox a.result')
  await result.first().waitFor()
  const found = await result.all()
  return Promise.all(found.map(async (link) => (await link.getAttribute('href')) ?? ''))
}

describe('the search', () => {
  test('finds an English word', async () => {
    expect((await search('/', 'Shadowsocks')).some((href) => href.includes('shadowsocks'))).toBe(true)
  })

  test.skipIf(!hasChinese)('finds a Chinese word inside a sentence', async () => {
    const found = await search('/zh-CN/', '隧道')
    expect(found.length).toBeGreaterThan(0)
    for (const href of found) expect(href).toContain('/zh-CN/')
  })
})

test.skipIf(!hasChinese)('the switch leads to the same page in the other language', async () => {
  await page.goto(`${site.url}/faq.html`, { waitUntil: 'networkidle' })
  await page.hover('.VPNavBarTranslations button')
  await page.click('.VPNavBarTranslations a')
  await page.waitForURL('**/zh-CN/faq.html')
  // The address changes first.
  await page.waitForSelector('html[lang="zh-CN"]')
})

test.skipIf(!existsSync(join(DIST, 'reference')))(
  'the navigation of both languages leads to the reference',
  async () => {
    for (const start of ['/', '/zh-CN/']) {
      await page.goto(`${site.url}${start}`, { waitUntil: 'networkidle' })
      await page.click('.VPNavBarMenuLink')
      await page.waitForURL('**/reference/README.html')
      await page.locator('main h1').waitFor()
    }
  },
)

test('every page loads without an error, and each link of it leads somewhere', async () => {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  const known = new Map<string, Set<string>>()
  const wanted: (readonly [from: string, to: string])[] = []
  const waiting = ['/index.html']
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    if (known.has(path)) continue
    const response = await page.goto(`${site.url}${path}`, { waitUntil: 'domcontentloaded' })
    expect(response?.status(), path).toBe(200)
    known.set(path, new Set(await page.evaluate<string[]>(IDS)))
    const links = await page.evaluate<string[]>(LINKS)
    for (const link of links) {
      const { origin, pathname, hash } = new URL(link, `${site.url}${path}`)
      if (origin !== site.url) continue
      const to = pathname.endsWith('/') ? `${pathname}index.html` : pathname
      wanted.push([path, `${to}${decodeURIComponent(hash)}`])
      waiting.push(to)
    }
  }
  expect(known.size).toBeGreaterThan(20)
  for (const [from, to] of wanted) {
    const [path = '', anchor] = to.split('#')
    if (anchor !== undefined && anchor !== '') expect(known.get(path), `${from} → ${to}`).toContain(anchor)
  }
  expect(errors).toEqual([])
  // More than a hundred pages, one after the other.
}, 120_000)

test('nothing was asked of another host', () => {
  expect(elsewhere).toEqual([])
})
