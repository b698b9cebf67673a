import type { DiagnosedHop, Diagnosis } from '../../index.js'
import { say } from '../../messages/index.js'
import { version } from '../version.js'
import { shownTime, verdictOf, wholeMs } from './verdict.js'

/**
 * The report of `doctor --html`: one page that needs no other file, no script and no network. A diagnosis holds no
 * credential, and nothing else is written here.
 */
export function diagnosisPage(diagnosis: Diagnosis): string {
  const { proxy, ms, startedAt, notes, hops, fix, comparison } = diagnosis
  const { ok, word, failures } = verdictOf(diagnosis)
  const verdict = `${word} ${failures}`.trimEnd()
  const where = proxy === null ? `${say('doctor.detail.no-proxy')}: ${diagnosis.reason}` : proxy.url
  const made = say('command.html.made', {
    version: version(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    at: startedAt,
    ms,
  })
  const body = [
    element('h1', say('command.html.title')),
    element('p', verdict, ok ? 'verdict ok' : 'verdict failed'),
    element('p', `${say('command.html.proxy')}: ${where}`, 'proxy'),
    ...fixLine(fix),
    ...(notes.length === 0
      ? []
      : [
          element('h2', say('command.html.notes')),
          `<ul>${notes.map(({ text }) => element('li', text)).join('')}</ul>`,
        ]),
    table(hops),
    ...otherProxies(diagnosis),
    ...(comparison === null
      ? []
      : [
          element('h2', say('command.doctor.without-proxy')),
          element('p', comparison.text),
          table(comparison.direct.hops),
        ]),
    element('footer', `${made}. ${say('command.html.redacted')}`),
  ]
  return `<!doctype html>
<html lang="${say('command.html.language')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(`${verdict} · discord-transport doctor`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${body.join('\n')}
</main>
</body>
</html>
`
}

function fixLine(fix: Diagnosis['fix']): string[] {
  return fix === null ? [] : [element('p', `${say('command.doctor.fix')} ${fix.text}`, 'fix')]
}

/** The other proxies of a list. */
function otherProxies({ otherProxies: others = [] }: Diagnosis): string[] {
  return others.flatMap(({ proxy, hops, fix }, index) => [
    element(
      'h2',
      `${proxy.url} ${say('command.doctor.place', { place: index + 2, proxies: others.length + 1 })}`,
      'proxy',
    ),
    ...fixLine(fix),
    table(hops),
  ])
}

function table(hops: readonly DiagnosedHop[]): string {
  const whole = wholeMs(hops)
  const head = [say('command.html.hop'), say('command.html.seen'), say('command.html.time')]
  return `<table>
<thead><tr>${head.map((title) => element('th', title)).join('')}</tr></thead>
<tbody>
${hops.map((hop) => row(hop, whole)).join('\n')}
</tbody>
</table>`
}

function row(hop: DiagnosedHop, whole: number): string {
  const { status, title, detail, startMs, ms } = hop
  const words = {
    ok: `✓ ${say('command.html.passed')}`,
    failed: `✗ ${say('command.html.broken')}`,
    'not-reached': `– ${say('command.doctor.not-reached')}`,
  }
  const causes =
    status === 'failed'
      ? [
          `<div class="cause"><code>${escaped(hop.code ?? '')}</code> ${escaped(hop.message ?? '')}</div>`,
          element('div', `${say('command.doctor.try')} ${hop.hint ?? ''}`, 'hint'),
        ]
      : []
  const seen = [element('span', words[status], 'status'), ...(detail === null ? [] : [escaped(detail)])].join(
    ' ',
  )
  const bar =
    startMs === null || ms === null
      ? ''
      : `<div class="bar" style="margin-left:${percent(startMs / whole)};width:${percent(ms / whole)}"></div>`
  return `<tr class="${status}"><td>${escaped(title)}</td><td>${seen}${causes.join('')}</td><td class="time">${shownTime(hop)}${bar}</td></tr>`
}

function percent(part: number): string {
  return `${Math.min(100, Math.max(0.5, part * 100)).toFixed(1)}%`
}

function element(name: string, text: string, className?: string): string {
  return `<${name}${className === undefined ? '' : ` class="${className}"`}>${escaped(text)}</${name}>`
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const STYLE = `
:root { color-scheme: light dark; --good: #1a7f37; --bad: #cf222e; --muted: #6e7781; --line: #8884 }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --muted: #9198a1 } }
body { margin: 0; font: 16px/1.5 system-ui, "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem }
.verdict { font-size: 1.2rem; font-weight: 600 } .verdict.ok { color: var(--good) } .verdict.failed { color: var(--bad) }
.proxy, code { overflow-wrap: anywhere } .fix { border-left: 4px solid var(--good); padding-left: .75rem }
table { width: 100%; border-collapse: collapse; table-layout: fixed; overflow-wrap: anywhere }
th, td { text-align: left; vertical-align: top; padding: .4rem .5rem; border-bottom: 1px solid var(--line) }
th:nth-child(1) { width: 28% } th:nth-child(3) { width: 30% }
.ok .status { color: var(--good) } .failed .status, .cause { color: var(--bad) } .not-reached { color: var(--muted) }
.bar { height: .6rem; min-width: 3px; border-radius: 2px; background: var(--good) } .failed .bar { background: var(--bad) }
.time { font-variant-numeric: tabular-nums } footer { margin-top: 1.5rem; color: var(--muted); font-size: .85rem }
`
