import { composeSnippet, dockerfileSnippet } from './container-snippets.js'
import { launchdSnippet, pm2Snippet, systemdSystemSnippet, systemdUserSnippet } from './service-snippets.js'
import type { ProxySetting, Snippet } from './setting.js'
import { openClawSnippet } from './openclaw-snippet.js'
import { dotenvSnippet, shellSnippet, windowsSnippet, wslSnippet } from './user-snippets.js'

/** How each place keeps a variable. */
export const SNIPPETS = {
  shell: shellSnippet,
  dotenv: dotenvSnippet,
  systemd: systemdUserSnippet,
  'systemd-system': systemdSystemSnippet,
  launchd: launchdSnippet,
  pm2: pm2Snippet,
  dockerfile: dockerfileSnippet,
  compose: composeSnippet,
  windows: windowsSnippet,
  wsl: wslSnippet,
  openclaw: openClawSnippet,
} as const satisfies Readonly<Record<string, (setting: ProxySetting) => Snippet>>

export type EnvFormat = keyof typeof SNIPPETS

export const ENV_FORMATS = Object.keys(SNIPPETS) as readonly EnvFormat[]
