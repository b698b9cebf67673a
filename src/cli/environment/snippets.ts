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

function shellSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const line = `export ${name}=${shellQuote(url)}`
  if (!hasSecret) return { title: 'shell: at the end of ~/.profile', text: line, warning: null }
  return {
    title: 'shell: a file of your own that ~/.profile reads',
    text: [
      'install -m 600 /dev/null ~/.config/' + ENV_FILE,
      `# in ~/.config/${ENV_FILE}:`,
      line,
      '# at the end of ~/.profile:',
      `. ~/.config/${ENV_FILE}`,
    ].join('\n'),
    warning: `${FILL_IN} ~/.profile and ~/.bashrc are readable by every user of many hosts: keep the URL in the file with mode 600.`,
  }
}

/** POSIX sh: nothing is special between single quotes but the quote itself. */
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** systemd.exec(5): in a unit % begins a specifier, in an EnvironmentFile it does not. */
function systemdSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const dropIn = '~/.config/systemd/user/bot.service.d/proxy.conf'
  const reload = ['systemctl --user daemon-reload', 'systemctl --user restart bot.service']
  if (!hasSecret) {
    const value = `${name}=${url}`.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')
    return {
      title: `systemd: ${dropIn} (bot.service is the name of your unit)`,
      text: ['[Service]', `Environment="${value}"`, '', ...reload.map((line) => `# ${line}`)].join('\n'),
      warning: null,
    }
  }
  return {
    title: `systemd: ${dropIn} (bot.service is the name of your unit)`,
    text: [
      '[Service]',
      `EnvironmentFile=%h/.config/${ENV_FILE}`,
      '',
      `# install -m 600 /dev/null ~/.config/${ENV_FILE}`,
      `# in ~/.config/${ENV_FILE}:`,
      `# ${name}="${url.replace(/["\\$`]/g, '\\$&')}"`,
      ...reload.map((line) => `# ${line}`),
    ].join('\n'),
    warning: `${FILL_IN} Environment= in a unit can be read by every user with systemctl show: keep the URL in the file with mode 600.`,
  }
}

function launchdSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  return {
    title: 'launchd: ~/Library/LaunchAgents/local.bot.plist (the part for the environment)',
    text: [
      '<key>EnvironmentVariables</key>',
      '<dict>',
      `  <key>${xml(name)}</key>`,
      `  <string>${xml(url)}</string>`,
      '</dict>',
      '<!-- launchctl bootout gui/$UID/local.bot; launchctl bootstrap gui/$UID ~/Library/LaunchAgents/local.bot.plist -->',
    ].join('\n'),
    warning: hasSecret
      ? `${FILL_IN} A plist is written world-readable: chmod 600 ~/Library/LaunchAgents/local.bot.plist before you do.`
      : null,
  }
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function dockerfileSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  if (!hasSecret) {
    return {
      title: 'Dockerfile',
      text: `ENV ${name}="${url.replace(/["\\$]/g, '\\$&')}"`,
      warning: null,
    }
  }
  return {
    title: 'docker run: no ENV, which stays in the image',
    text: [
      `install -m 600 /dev/null ${ENV_FILE}`,
      `# in ${ENV_FILE}, without quotes:`,
      `# ${name}=${url}`,
      `docker run --env-file ${ENV_FILE} ...`,
    ].join('\n'),
    warning: `${FILL_IN} ENV and ARG are stored in the image: whoever has it can read them with docker history. Keep ${ENV_FILE} out of the build context (.dockerignore) and out of version control.`,
  }
}

/** Compose reads $ as the start of a variable, and $$ as one $. */
function composeSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  if (!hasSecret) {
    const value = JSON.stringify(url.replaceAll('$', '$$$$'))
    return {
      title: 'compose.yaml',
      text: ['services:', '  bot:', '    environment:', `      ${name}: ${value}`].join('\n'),
      warning: null,
    }
  }
  return {
    title: 'compose.yaml',
    text: [
      'services:',
      '  bot:',
      '    env_file:',
      `      - ${ENV_FILE}`,
      `# install -m 600 /dev/null ${ENV_FILE}; in it:`,
      `# ${name}='${url}'`,
    ].join('\n'),
    warning: `${FILL_IN} compose.yaml is usually world-readable and under version control: keep the URL in ${ENV_FILE}, with mode 600 and in .gitignore.`,
  }
}

/** cmd.exe replaces %NAME% even between quotes; in a percent-encoded URL `%%` would stay as it is. */
function windowsSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const text = url.includes('%')
    ? `powershell -Command "[Environment]::SetEnvironmentVariable('${name}', '${url.replaceAll("'", "''")}', 'User')"`
    : `setx ${name} "${url.replaceAll('"', '')}"`
  return {
    title: 'Windows: for your user, from the next window on',
    text,
    warning: hasSecret
      ? `${FILL_IN} The value lies in clear in the registry (HKCU\\Environment), where every program of yours can read it; never add /M, which shows it to every user. The line stays in the history of the window.`
      : null,
  }
}
