import { say } from '../../messages/index.js'
import { ENV_FILE, fillIn, snippet, type ProxySetting, type Snippet } from './setting.js'

const USER_UNIT = {
  title: 'env.systemd.user',
  directory: '~/.config/systemd/user',
  sudo: '',
  systemctl: 'systemctl --user',
  envFile: `~/.config/${ENV_FILE}`,
} as const

const SYSTEM_UNIT = {
  title: 'env.systemd.system',
  directory: '/etc/systemd/system',
  sudo: 'sudo ',
  systemctl: 'sudo systemctl',
  envFile: `/etc/${ENV_FILE}`,
} as const

export function systemdUserSnippet(setting: ProxySetting): Snippet {
  return systemdSnippet(setting, USER_UNIT)
}

export function systemdSystemSnippet(setting: ProxySetting): Snippet {
  return systemdSnippet(setting, SYSTEM_UNIT)
}

/** A drop-in. systemd.exec(5): in a unit % begins a specifier, in an EnvironmentFile it does not. */
function systemdSnippet(
  { name, url, hasSecret, unit }: ProxySetting,
  { title, directory, sudo, systemctl, envFile }: typeof USER_UNIT | typeof SYSTEM_UNIT,
): Snippet {
  const file = `${directory}/${unit}.d/proxy.conf`
  const heading = say('env.systemd.heading', { title: say(title), file, unit })
  const reload = [`# ${systemctl} daemon-reload`, `# ${systemctl} restart ${unit}`]
  if (!hasSecret) {
    const value = `${name}=${url}`.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')
    return snippet([heading, '[Service]', `Environment="${value}"`, '', ...reload])
  }
  return snippet(
    [
      heading,
      '[Service]',
      `EnvironmentFile=${envFile.replace('~', '%h')}`,
      '',
      `# ${sudo}install -m 600 /dev/null ${envFile}`,
      say('env.in-file', { file: envFile }),
      `# ${name}="${url.replace(/["\\$`]/g, '\\$&')}"`,
      ...reload,
    ],
    fillIn(say('env.systemd.secret')),
  )
}

/** launchd.plist(5). The declaration has to come first, and a comment must not hold two hyphens in a row. */
export function launchdSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const file = '~/Library/LaunchAgents/local.bot.plist'
  return snippet(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      `<!-- ${say('env.launchd.heading', { file })} -->`,
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
    hasSecret ? fillIn(say('env.launchd.secret', { file })) : null,
  )
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** https://pm2.keymetrics.io/docs/usage/application-declaration/ */
export function pm2Snippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const literal = `'${url.replace(/['\\]/g, '\\$&')}'`
  return snippet(
    [
      say('env.pm2.heading'),
      ...(hasSecret
        ? [
            say('env.pm2.in-file', { file: ENV_FILE, line: `${name}=${literal}` }),
            `process.loadEnvFile('${ENV_FILE}')`,
          ]
        : []),
      'module.exports = {',
      '  apps: [',
      `    { name: 'bot', script: './bot.js', env: { ${name}: ${hasSecret ? `process.env.${name}` : literal} } },`,
      '  ],',
      '}',
    ],
    hasSecret ? fillIn(say('env.pm2.secret', { file: ENV_FILE })) : null,
  )
}
