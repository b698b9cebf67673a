import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'

/** The sidebar is docs/index.md: its headings, and the first link of each row of its tables. */
export function sidebar(docs: string, locale?: string): DefaultTheme.SidebarItem[] {
  const folder = locale === undefined ? docs : join(docs, locale)
  const base = locale === undefined ? '/' : `/${locale}/`
  let page: string
  try {
    page = readFileSync(join(folder, 'index.md'), 'utf8')
  } catch {
    return []
  }
  return page
    .split(/^## /m)
    .slice(1)
    .map((section) => ({
      text: section.slice(0, section.indexOf('\n')),
      items: [...section.matchAll(/^\| \[(.*?)\]\((.*?\.md)\)/gm)].map(([, text = '', link = '']) => ({
        text,
        link: new URL(link.replace(/\.md$/, ''), `http://site${base}`).pathname,
      })),
    }))
}
