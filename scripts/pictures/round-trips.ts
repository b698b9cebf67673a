import { Canvas, SMALL, WIDTH, type Language, type ThemeName } from './svg.js'

type Step = 'tcp' | 'connect' | 'method' | 'request' | 'tls' | 'send'

/** What each kind of send waits for, one step for each round trip. A test compares the numbers with performance.md. */
export const SENDS: readonly { readonly id: 'http' | 'socks5' | 'warm'; readonly steps: readonly Step[] }[] =
  [
    { id: 'http', steps: ['tcp', 'connect', 'tls', 'send'] },
    { id: 'socks5', steps: ['tcp', 'method', 'request', 'tls', 'send'] },
    { id: 'warm', steps: ['send'] },
  ]

const TEXTS = {
  en: {
    title: 'A cold and a warm send, in round trips',
    description:
      'A cold send through an HTTP proxy takes four round trips: TCP, CONNECT, TLS 1.3, the request. Through a SOCKS5 proxy it takes five: TCP, method, request, TLS 1.3, the request to Discord. A warm send takes one.',
    sends: {
      http: 'cold, HTTP proxy',
      socks5: 'cold, SOCKS5 proxy',
      warm: 'warm, any proxy',
    },
    steps: {
      tcp: 'TCP',
      connect: 'CONNECT',
      method: 'method',
      request: 'request',
      tls: 'TLS 1.3',
      send: 'message',
    },
    count: (trips: number) => `${trips} × 50 ms = ${trips * 50} ms`,
  },
  'zh-CN': {
    title: '冷发送与热发送各需几次往返',
    description:
      '经 HTTP 代理的冷发送需要四次往返：TCP、CONNECT、TLS 1.3、请求。经 SOCKS5 代理需要五次：TCP、认证方法、请求、TLS 1.3、发往 Discord 的请求。热发送只要一次。',
    sends: { http: '冷发送，HTTP 代理', socks5: '冷发送，SOCKS5 代理', warm: '热发送，任意代理' },
    steps: {
      tcp: 'TCP',
      connect: 'CONNECT',
      method: '认证方法',
      request: '请求',
      tls: 'TLS 1.3',
      send: '消息',
    },
    count: (trips: number) => `${trips} × 50 ms = ${trips * 50} ms`,
  },
} as const

export function roundTrips(theme: ThemeName, language: Language): string {
  const texts = TEXTS[language]
  const canvas = new Canvas(theme)
  const step = (WIDTH - 32) / Math.max(...SENDS.map(({ steps }) => steps.length))
  let y = 34
  for (const { id, steps } of SENDS) {
    canvas.text(16, y, texts.sends[id], { bold: true, size: 16 })
    canvas.text(WIDTH - 16, y, texts.count(steps.length), { size: 14, colour: 'muted', anchor: 'end' })
    steps.forEach((name, at) => {
      const area = { x: 16 + at * step, y: y + 12, width: step - 6, height: 44 }
      const isMessage = name === 'send'
      canvas.labelled(area, texts.steps[name], { size: SMALL, bold: isMessage }, isMessage ? 'good' : 'line')
    })
    y += 96
  }
  return canvas.svg(y - 28, texts.title, texts.description)
}
