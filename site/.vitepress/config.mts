import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { defineConfig, type DefaultTheme } from 'vitepress'
import { sidebar } from './sidebar.js'

const VUE = join(import.meta.dirname, '../node_modules/vue/dist/vue.runtime.esm-bundler.js')
const DOCS = join(import.meta.dirname, '../../docs')

/** The reference of the API, where `npm run docs:reference` has written it: it is not in the repository. */
const hasReference = existsSync(join(DOCS, 'reference/README.md'))

function navigation(text: string): DefaultTheme.Config {
  return hasReference ? { nav: [{ text, link: '/reference/README' }] } : {}
}

const hasChinese = existsSync(join(DOCS, 'zh-CN/index.md'))

/** Anchors as GitHub makes them, since the links of the pages are written for both. */
function githubAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * The words of a text for the search, on the server and in the browser. Chinese has no spaces, so a dictionary finds
 * its words. VitePress sends the source of this function to the browser: it uses nothing from outside.
 */
function tokenize(text: string): string[] {
  const segmenter = new Intl.Segmenter('zh-CN', { granularity: 'word' })
  const words: string[] = []
  for (const { segment, isWordLike } of segmenter.segment(text)) if (isWordLike) words.push(segment)
  return words
}

function englishOnly(path: string): string {
  return `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>discord-transport</title><p>此页只有英文：<a href="${path}">${path}</a></p></html>\n`
}

function bothThemes(picture: string): string {
  const [, image = ''] = /<img ([^>]*?)\s*\/?>/s.exec(picture) ?? []
  const light = image.replace(/src="(?!\.)/, 'src="./')
  const dark = light.replace('-light.svg', '-dark.svg')
  return `<p><img class="light-only" ${light}><img class="dark-only" ${dark}></p>\n`
}

const CHINESE_LABELS = {
  docFooter: { prev: '上一页', next: '下一页' },
  outline: { label: '本页目录', level: [2, 3] },
  returnToTopLabel: '回到顶部',
  sidebarMenuLabel: '目录',
  darkModeSwitchLabel: '深色模式',
  langMenuLabel: '切换语言',
} satisfies DefaultTheme.Config

const CHINESE_SEARCH = {
  button: { buttonText: '搜索', buttonAriaLabel: '搜索' },
  modal: {
    noResultsText: '没有结果',
    resetButtonTitle: '清除',
    displayDetails: '显示详情',
    backButtonTitle: '返回',
    footer: { selectText: '打开', navigateText: '选择', closeText: '关闭' },
  },
}

export default defineConfig({
  title: 'discord-transport',
  description: "One proxy URL carries a Discord bot's gateway, every REST call, every upload and download.",
  srcDir: '../docs',
  srcExclude: ['**/.*/**'],
  outDir: './dist',
  cacheDir: './.vitepress/cache',
  cleanUrls: false,
  // Files of the repository that are no pages; the test follows all other links.
  ignoreDeadLinks: [/\.\.\/(?:\.\.\/)?(?:examples|CONTRIBUTING|README|CHANGELOG|SECURITY)/],
  locales: {
    root: { label: 'English', lang: 'en' },
    ...(hasChinese && {
      'zh-CN': {
        label: '简体中文',
        lang: 'zh-CN',
        title: 'discord-transport',
        description: '一个代理 URL，承载 Discord 机器人的网关、全部 REST 调用、上传和下载。',
        themeConfig: {
          ...CHINESE_LABELS,
          ...navigation('API 参考（英文）'),
          sidebar: sidebar(DOCS, 'zh-CN'),
        },
      },
    }),
  },
  themeConfig: {
    ...navigation('API reference'),
    sidebar: sidebar(DOCS),
    outline: { level: [2, 3] },
    search: {
      provider: 'local',
      options: {
        locales: { 'zh-CN': { translations: CHINESE_SEARCH } },
        miniSearch: { options: { tokenize } },
      },
    },
  },
  markdown: {
    anchor: { slugify: githubAnchor },
    // squid has no grammar of its own.
    languageAlias: { squid: 'ini', cjs: 'js' },
    config(md) {
      // The switch of the site chooses the picture; <picture> knows the setting of the system alone.
      const html = md.renderer.rules.html_block
      md.renderer.rules.html_block = (tokens, at, options, env, self) => {
        const token = tokens[at]
        if (token?.content.startsWith('<picture>') === true) token.content = bothThemes(token.content)
        return html === undefined
          ? self.renderToken(tokens, at, options)
          : html(tokens, at, options, env, self)
      }
      // A link that leaves docs/ has no page here: its text stays.
      const open = md.renderer.rules.link_open
      md.renderer.rules.link_open = (tokens, at, options, env, self) => {
        const token = tokens[at]
        const href = String(token?.attrGet('href') ?? '')
        const page = (env as { path: string }).path
        if (/^\.\.?\//.test(href) && relative(DOCS, join(page, '..', href)).startsWith('..')) {
          const close = tokens.slice(at).find(({ type }) => type === 'link_close')
          if (close !== undefined) close.tag = 'span'
          if (token !== undefined) token.tag = 'span'
          return '<span>'
        }
        return open === undefined
          ? self.renderToken(tokens, at, options)
          : open(tokens, at, options, env, self)
      }
    },
  },
  /** The switch of the language leads to the same page, also where that is English only. */
  async buildEnd({ pages, outDir }) {
    const chinese = new Set(pages.filter((page) => page.startsWith('zh-CN/')))
    const english = pages.filter((page) => !page.startsWith('zh-CN/') && !chinese.has(`zh-CN/${page}`))
    if (chinese.size === 0) return
    for (const page of english) {
      const path = page.replace(/\.md$/, '.html')
      await mkdir(dirname(join(outDir, 'zh-CN', path)), { recursive: true })
      await writeFile(join(outDir, 'zh-CN', path), englishOnly(`/${path}`))
    }
  },
  vite: {
    // The pages lie outside of this package, where Vue is not found; Node finds it when the pages are rendered.
    plugins: [
      {
        name: 'vue-of-this-package',
        enforce: 'pre',
        resolveId(id, _importer, { ssr }) {
          if (id !== 'vue' && id !== 'vue/server-renderer') return undefined
          return ssr === true ? { id, external: true } : { id: VUE }
        },
      },
    ],
    build: { chunkSizeWarningLimit: 2_000 },
  },
})
