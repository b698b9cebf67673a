import { installBinary } from './install-node.js'

/** Programs beside Node that run bots: where they are, and how one starts a file. */
export interface OtherRuntimes {
  readonly bun: readonly string[]
  readonly deno: readonly string[]
}

/** From npm, as the other lines of Node: not by the lock file, whose `npm ci` every checkout would pay for. */
export async function installRuntimes(): Promise<OtherRuntimes> {
  const [bun, deno] = await Promise.all([
    installBinary({ folder: 'bun-1.4', name: '@oven/bun-linux-x64', range: '~1.4.5', file: 'bin/bun' }),
    installBinary({ folder: 'deno-2.9', name: '@deno/linux-x64-glibc', range: '~2.9.6', file: 'deno' }),
  ])
  return { bun: [bun], deno: [deno, 'run', '--allow-all', '--node-modules-dir=manual'] }
}
