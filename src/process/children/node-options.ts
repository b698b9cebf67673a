import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** How the preload is named by its users: what a process can find only from its own working directory. */
const BY_NAME = 'discord-transport/register'

/**
 * The preload that children load. It is the CommonJS form: Node runs `--require` in every process and Worker, and
 * `--import` in no Worker that was made with `eval`. Undefined where a bundler has left it out.
 */
export function preloadFile(): string | undefined {
  const path = fileURLToPath(new URL('./register.cjs', import.meta.url))
  return existsSync(path) ? path : undefined
}

/**
 * NODE_OPTIONS with the preload at its end, unless it is in there already. A preload by name becomes its path, since a
 * child may have another working directory.
 */
export function withPreload(options: string, preload: string): string {
  const flag = `--require=${preload}`
  const quoted = /[\s"]/.test(flag) ? `"${flag.replace(/[\\"]/g, '\\$&')}"` : flag
  const resolved = options.replace(
    /(^|\s)(?:--import|--require|-r)(?:=|\s+)"?discord-transport\/register"?(?=\s|$)/g,
    (_flag, before: string) => `${before}${quoted}`,
  )
  return resolved.includes(quoted) ? resolved : `${resolved} ${quoted}`.trim()
}

/** Arguments of Node, in which a preload by name becomes its path. */
export function resolvePreload(args: readonly string[], preload: string): string[] {
  return args.map((argument, index) => {
    const [, flag] = /^(--import|--require)=discord-transport\/register$/.exec(argument) ?? []
    if (flag !== undefined) return `--require=${preload}`
    const isFlag = ['--import', '--require', '-r'].includes(argument) && args[index + 1] === BY_NAME
    if (isFlag) return '--require'
    const isName = argument === BY_NAME && ['--import', '--require', '-r'].includes(args[index - 1] ?? '')
    return isName ? preload : argument
  })
}
