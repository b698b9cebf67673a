import { Console } from 'node:console'
import { unusable } from '../errors.js'
import type { TransportEvent } from './events.js'
import { LOG_VARIABLE, type Environment } from './variables.js'

/** What is written: `info` connections and states, `debug` each request as well. */
export type LogLevel = 'info' | 'debug'

/** Writes one line to standard error. Callers pass nothing that holds a secret. */
export type Log = (level: LogLevel, line: string) => void

/**
 * The log that the environment asks for: `DISCORD_TRANSPORT_LOG=info` or `debug`, or `discord-transport` in
 * `NODE_DEBUG`, which is `debug`. Undefined, at no cost, if it asks for none.
 *
 * @throws TransportError `ERR_PROXY_CONFIG` for another value of DISCORD_TRANSPORT_LOG
 */
export function createLog(env: Environment): Log | undefined {
  const wanted = levelOf(env)
  if (wanted === undefined) return undefined
  // A console ignores a standard error that is closed; a write to the stream would end the process.
  const out = new Console(process.stderr)
  return (level, line) => {
    if (level === 'info' || wanted === 'debug')
      out.log(`discord-transport ${new Date().toISOString()} ${level}: ${line}`)
  }
}

function levelOf(env: Environment): LogLevel | undefined {
  const level = env[LOG_VARIABLE]?.trim().toLowerCase() ?? ''
  if (level === 'info' || level === 'debug') return level
  if (level !== '') throw unusable(LOG_VARIABLE, 'config.log', 'config.log.hint')
  // As node:util reads it: names with commas between them, * for any characters.
  const names = (env['NODE_DEBUG'] ?? '').split(',').map((name) => name.trim().toLowerCase())
  const matches = (name: string): boolean =>
    new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`).test(
      'discord-transport',
    )
  return names.some(matches) ? 'debug' : undefined
}

/** Writes the events of a transport. Their fields are redacted already. */
export function logEvent(log: Log, event: TransportEvent): void {
  const line = lineOf(event)
  if (line !== undefined) log(event.type === 'request' ? 'debug' : 'info', line)
}

function lineOf(event: TransportEvent): string | undefined {
  switch (event.type) {
    case 'tunnel-open':
      return `${connection(event)} open after ${ms(event.ms)}`
    case 'tunnel-failed':
      return `${connection(event)} failed after ${ms(event.ms)}: ${event.code} in ${event.phase}`
    case 'tunnel-close':
      return `${connection(event)} closed, ${event.bytesSent} bytes sent, ${event.bytesReceived} received`
    case 'direct':
      return `connection to ${event.target} goes direct: ${event.reason}`
    case 'proxy-down':
      return `proxy ${event.proxy} is down: ${event.code} in ${event.phase}`
    case 'proxy-up':
      return `proxy ${event.proxy} is up again after ${ms(event.ms)}`
    case 'proxy-change':
      return `proxy ${event.proxy ?? 'none'} in place of ${event.from ?? 'none'}: ${event.reason}`
    case 'request': {
      const outcome = event.status ?? event.code ?? 'failed'
      return `${event.method} ${event.path} at ${event.target} ${route(event)}: ${outcome} in ${ms(event.ms)}`
    }
    case 'upload-progress':
    case 'download-progress':
      return undefined
  }
}

function connection(event: { readonly target: string; readonly proxy: string | null }): string {
  return `connection to ${event.target} ${route(event)}`
}

function route({ proxy }: { readonly proxy: string | null }): string {
  return proxy === null ? 'direct' : `via ${proxy}`
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
