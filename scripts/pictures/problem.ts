import { Canvas, SMALL, WIDTH, type Language, type ThemeName } from './svg.js'

const TEXTS = {
  en: {
    title: 'The problem and the one path',
    description:
      'Usual: the gateway takes the proxy and reaches Discord; REST, uploads and downloads go directly and end in fetch failed. With discord-transport: the gateway, REST, uploads and downloads take one transport, one proxy, and reach Discord.',
    usual: 'Usual: two paths that disagree',
    ours: 'discord-transport: one path',
    bot: 'your bot',
    proxy: 'proxy',
    gateway: 'gateway',
    rest: ['REST', 'uploads', 'downloads'],
    failed: '✗ fetch failed',
    transport: 'transport',
  },
  'zh-CN': {
    title: '问题与唯一的路径',
    description:
      '通常：网关走代理，能到达 Discord；REST、上传和下载直连，结果是 fetch failed。使用 discord-transport：网关、REST、上传和下载都经过同一个 transport、同一个代理到达 Discord。',
    usual: '通常：两条路径，各走各的',
    ours: 'discord-transport：只有一条路径',
    bot: '你的机器人',
    proxy: '代理',
    gateway: '网关',
    rest: ['REST', '上传', '下载'],
    failed: '✗ fetch failed',
    transport: 'transport',
  },
} as const

/** The bot whose replies die, and the same bot on one path. */
export function problem(theme: ThemeName, language: Language): string {
  const texts = TEXTS[language]
  const canvas = new Canvas(theme)
  const bot = (y: number): void =>
    canvas.labelled({ x: 16, y, width: 96, height: 112 }, texts.bot, { bold: true })
  const discord = (y: number): void =>
    canvas.labelled({ x: WIDTH - 100, y, width: 84, height: 112 }, 'Discord', {
      bold: true,
      colour: 'accent',
    })

  canvas.text(16, 32, texts.usual, { bold: true, colour: 'bad', size: 16 })
  bot(48)
  discord(48)
  canvas.labelled({ x: 264, y: 54, width: 76, height: 40 }, texts.proxy)
  canvas.text(188, 66, texts.gateway, { size: SMALL, colour: 'good', anchor: 'middle' })
  canvas.line(arrow(112, 74, 264), 'good', { arrow: true })
  canvas.line(arrow(340, 74, 380), 'good', { arrow: true })
  canvas.text(116, 124, texts.rest.join(', '), { size: SMALL, colour: 'bad' })
  canvas.line(arrow(112, 134, 300), 'bad', { arrow: true, dashed: true })
  canvas.line(arrow(306, 112, 306, 158), 'bad')
  canvas.text(298, 180, texts.failed, { size: 15, bold: true, colour: 'bad', anchor: 'middle' })

  canvas.line(arrow(16, 200, WIDTH - 16), 'line')
  canvas.text(16, 232, texts.ours, { bold: true, colour: 'good', size: 16 })
  bot(248)
  discord(248)
  const names = [texts.gateway, ...texts.rest]
  names.forEach((name, at) => {
    const y = 262 + at * 28
    canvas.line(arrow(112, y, 208), 'good', { arrow: true })
    canvas.text(158, y - 6, name, { size: SMALL, anchor: 'middle' })
  })
  canvas.labelled(
    { x: 208, y: 250, width: 90, height: 108 },
    texts.transport,
    { bold: true, size: 14 },
    'good',
  )
  canvas.line(arrow(298, 304, 316), 'good', { arrow: true })
  canvas.labelled({ x: 316, y: 284, width: 44, height: 40 }, texts.proxy, { size: SMALL })
  canvas.line(arrow(360, 304, 380), 'good', { arrow: true })
  return canvas.svg(376, texts.title, texts.description)
}

function arrow(x: number, y: number, toX: number, toY = y): readonly (readonly [number, number])[] {
  return [
    [x, y],
    [toX === x ? x : toX, toY],
  ]
}
