import { FILL_IN, type ProxySetting, type Snippet } from './setting.js'

export type EnvFormat = 'shell' | 'systemd' | 'launchd' | 'dockerfile' | 'compose' | 'windows'

/** How each place keeps a variable. */
export const SNIPPETS: Record<EnvFormat, (setting: ProxySetting) => Snippet> = {
  shell: shellSnippet,
  systemd: systemdSnippet,
  launchd: launchdSnippet,
  dockerfile: dockerfileSnippet,
  compose: composeSnippet,
  windows: windowsSnippet,
}

const ENV_FILE = 'discord-transport.env'

function snippet(lines: readonly string[], warning: string | null): Snippet {
  return { text: lines.join('\n'), warning }
}

function shellSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const line = `export ${name}=${shellQuote(url)}`
  if (!hasSecret) return snippet(['# shell: at the end of ~/.profile', line], null)
  return snippet(
    [
      '# shell: a file of your own that ~/.profile reads',
      `install -m 600 /dev/null ~/.config/${ENV_FILE}`,
      `# in ~/.config/${ENV_FILE}:`,
      line,
      '# at the end of ~/.profile:',
      `. ~/.config/${ENV_FILE}`,
    ],
    `${FILL_IN} ~/.profile and ~/.bashrc are readable by every user of many hosts: keep the URL in the file with mode 600.`,
  )
}

/** POSIX sh: nothing is special between single quotes but the quote itself. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** systemd.exec(5): in a unit % begins a specifier, in an EnvironmentFile it does not. */
function systemdSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const heading =
    '# systemd: ~/.config/systemd/user/bot.service.d/proxy.conf (bot.service is the name of your unit)'
  const reload = ['# systemctl --user daemon-reload', '# systemctl --user restart bot.service']
  if (!hasSecret) {
    const value = `${name}=${url}`.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')
    return snippet([heading, '[Service]', `Environment="${value}"`, '', ...reload], null)
  }
  return snippet(
    [
      heading,
      '[Service]',
      `EnvironmentFile=%h/.config/${ENV_FILE}`,
      '',
      `# install -m 600 /dev/null ~/.config/${ENV_FILE}`,
      `# in ~/.config/${ENV_FILE}:`,
      `# ${name}="${url.replace(/["\\$`]/g, '\\$&')}"`,
      ...reload,
    ],
    `${FILL_IN} Environment= in a unit can be read by every user with systemctl show: keep the URL in the file with mode 600.`,
  )
}

/** launchd.plist(5). The declaration has to come first, and a comment has no two hyphens in a row. */
function launchdSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const file = '~/Library/LaunchAgents/local.bot.plist'
  return snippet(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<!-- launchd: ${file} (its label and its program are yours) -->`,
      '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
      '<plist version="1.0">',
      '<dict>',
      '  <key>Label</key>',
      '  <string>local.bot</string>',
      '  <key>ProgramArguments</key>',
      '  <array>',
      '    <string>/path/to/your/bot</string>',
      '  </array>',
      '  <key>EnvironmentVariables</key>',
      '  <dict>',
      `    <key>${xml(name)}</key>`,
      `    <string>${xml(url)}</string>`,
      '  </dict>',
      '</dict>',
      '</plist>',
      `<!-- launchctl bootout gui/$UID/local.bot; launchctl bootstrap gui/$UID ${file} -->`,
    ],
    hasSecret ? `${FILL_IN} A plist is written world-readable: chmod 600 ${file} before you do.` : null,
  )
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function dockerfileSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  if (!hasSecret) return snippet(['# Dockerfile', `ENV ${name}="${url.replace(/["\\$]/g, '\\$&')}"`], null)
  return snippet(
    [
      '# docker run: no ENV, which stays in the image',
      `install -m 600 /dev/null ${ENV_FILE}`,
      `# in ${ENV_FILE}, without quotes:`,
      `# ${name}=${url}`,
      `docker run --env-file ${ENV_FILE} ...`,
    ],
    `${FILL_IN} ENV and ARG are stored in the image: whoever has it can read them with docker history. Keep ${ENV_FILE} out of the build context (.dockerignore) and out of version control.`,
  )
}

/** Compose reads $ as the start of a variable, and $$ as one $. */
function composeSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const service = ['# compose.yaml', 'services:', '  bot:']
  if (!hasSecret) {
    const value = JSON.stringify(url.replaceAll('$', '$$$$'))
    return snippet([...service, '    environment:', `      ${name}: ${value}`], null)
  }
  return snippet(
    [
      ...service,
      '    env_file:',
      `      - ${ENV_FILE}`,
      `# install -m 600 /dev/null ${ENV_FILE}; in it:`,
      `# ${name}='${url}'`,
    ],
    `${FILL_IN} compose.yaml is usually world-readable and under version control: keep the URL in ${ENV_FILE}, with mode 600 and in .gitignore.`,
  )
}

/** cmd.exe replaces %NAME% even between quotes; in a percent-encoded URL `%%` would stay as it is. */
function windowsSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const line = url.includes('%')
    ? `powershell -Command "[Environment]::SetEnvironmentVariable('${name}', '${url.replaceAll("'", "''")}', 'User')"`
    : `setx ${name} "${url.replaceAll('"', '')}"`
  return snippet(
    ['rem Windows: for your user, from the next window on', line],
    hasSecret
      ? `${FILL_IN} The value lies in clear in the registry (HKCU\\Environment), where every program of yours can read it; never add /M, which shows it to every user. The line stays in the history of the window.`
      : null,
  )
}
