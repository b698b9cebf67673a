import type { ShardState } from '../../src/gateway/events.js'
import { Canvas, SMALL, WIDTH, type Language, type ThemeName } from './svg.js'

interface Place {
  readonly x: number
  readonly y: number
}

/** Where each state of a shard stands. The compiler asks for all of them. */
const PLACES: Readonly<Record<ShardState, Place>> = {
  idle: { x: 24, y: 20 },
  connecting: { x: 24, y: 116 },
  waiting: { x: 320, y: 116 },
  identifying: { x: 24, y: 228 },
  resuming: { x: 180, y: 228 },
  ready: { x: 24, y: 340 },
  closing: { x: 24, y: 452 },
  closed: { x: 320, y: 452 },
}

const SIZE = { width: 132, height: 44 }

/** The lines that do not lead from one state straight to the next. */
const LINES = {
  broken: [
    [156, 376],
    [386, 376],
    [386, 160],
  ],
  brokenResume: [
    [312, 250],
    [386, 250],
  ],
  again: [
    [320, 138],
    [156, 138],
  ],
  left: [
    [156, 474],
    [320, 474],
  ],
  fatal: [
    [440, 160],
    [440, 452],
  ],
} as const

const TEXTS = {
  en: {
    title: 'The states of a shard',
    description:
      'idle, then connecting by connect(). After HELLO the shard is identifying, or resuming where it has a session. READY or RESUMED makes it ready. Whatever breaks leads to waiting, and after the back-off to connecting again. close() leads to closing and closed; a fatal answer leads to closed.',
    connect: 'connect()',
    hello: 'HELLO',
    ready: 'READY',
    resumed: 'RESUMED',
    broke: 'any break',
    again: 'after the back-off',
    close: 'close()',
    done: 'left',
    fatal: 'fatal close code',
  },
  'zh-CN': {
    title: '分片的状态',
    description:
      'idle 经 connect() 进入 connecting。收到 HELLO 后，没有会话则 identifying，有会话则 resuming。READY 或 RESUMED 使它变为 ready。任何中断都进入 waiting，退避之后再次 connecting。close() 经 closing 到 closed；致命的关闭码直接到 closed。',
    connect: 'connect()',
    hello: 'HELLO',
    ready: 'READY',
    resumed: 'RESUMED',
    broke: '任何中断',
    again: '退避之后',
    close: 'close()',
    done: '断开完成',
    fatal: '致命的关闭码',
  },
} as const

export function gatewayStates(theme: ThemeName, language: Language): string {
  const texts = TEXTS[language]
  const canvas = new Canvas(theme)
  const small = { size: SMALL, colour: 'muted' } as const
  const arrow = { arrow: true }
  const below = (state: ShardState, dx = 66): [number, number] => [PLACES[state].x + dx, PLACES[state].y + 44]
  const above = (state: ShardState, dx = 66): [number, number] => [PLACES[state].x + dx, PLACES[state].y]

  canvas.line([below('idle'), above('connecting')], 'good', arrow)
  canvas.text(100, 96, texts.connect, small)
  canvas.line([below('connecting'), above('identifying')], 'good', arrow)
  canvas.line([below('connecting', 110), [134, 194], [246, 194], above('resuming')], 'good', arrow)
  canvas.text(150, 186, texts.hello, small)
  canvas.line([below('identifying'), above('ready')], 'good', arrow)
  canvas.text(100, 312, texts.ready, small)
  canvas.line([below('resuming'), [246, 350], [156, 350]], 'good', arrow)
  canvas.text(254, 312, texts.resumed, small)
  canvas.line(LINES.broken, 'bad', { arrow: true, dashed: true })
  canvas.line(LINES.brokenResume, 'bad', { dashed: true })
  canvas.text(378, 364, texts.broke, { size: SMALL, colour: 'bad', anchor: 'end' })
  canvas.line(LINES.again, 'good', arrow)
  canvas.text(238, 130, texts.again, { ...small, anchor: 'middle' })
  canvas.line([below('ready'), above('closing')], 'muted', arrow)
  canvas.text(100, 424, texts.close, small)
  canvas.line(LINES.left, 'muted', arrow)
  canvas.text(238, 466, texts.done, { ...small, anchor: 'middle' })
  canvas.line(LINES.fatal, 'muted', { arrow: true, dashed: true })
  canvas.text(WIDTH - 48, 424, texts.fatal, { ...small, anchor: 'end' })
  for (const [state, { x, y }] of Object.entries(PLACES))
    canvas.labelled({ x, y, ...SIZE }, state, { mono: true, bold: true }, state === 'ready' ? 'good' : 'line')
  return canvas.svg(516, texts.title, texts.description)
}
