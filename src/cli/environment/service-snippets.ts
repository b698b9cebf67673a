import { say } from '../../messages/index.js'
import { ENV_FILE, fillIn, snippet, type ProxySetting, type Snippet } from './setting.js'

interface UnitPlace {
  readonly title: string
  readonly directory: string
  readonly systemctl: string
  /** The file with the secret, for the unit and for the shell. */
  readonly envFile: { readonly inUnit: string; readonly inShell: string }
}

export function systemdUserSnippet(setting: ProxySetting): Snippet {
  return systemdSnippet(setting, {
    title: say('env.systemd.user'),
    directory: '~/.config/systemd/user',
    systemctl: 'systemctl --user',
    envFile: { inUnit: `%h/.config/${ENV_FILE}`, inShell: `~/.config/${ENV_FILE}` },
  })
}

export function systemdSystemSnippet(setting: ProxySetting): Snippet {
  return systemdSnippet(setting, {
    title: say('env.systemd.system'),
    directory: '/etc/systemd/system',
    systemctl: 'sudo systemctl',
    envFile: { inUnit: `/etc/${ENV_FILE}`, inShell: `/etc/${ENV_FILE}` },
  })
}

/** A drop-in. systemd.exec(5): in a unit % begins a specifier, in an EnvironmentFile it does not. */
function systemdSnippet({ name, url, hasSecret, unit }: ProxySetting, place: UnitPlace): Snippet {
  const { title, directory, systemctl, envFile } = place
  const heading = say('env.systemd.heading', { title, file: `${directory}/${unit}.d/proxy.conf`, unit })
  const reload = [`# ${systemctl} daemon-reload`, `# ${systemctl} restart ${unit}`]
  if (!hasSecret) {
    const value = `${name}=${url}`.replaceAll('%', '%%').replace(/["\\]/g, '\\$&')
    return snippet([heading, '[Service]', `Environment="${value}"`, '', ...reload])
  }
  const sudo = systemctl.startsWith('sudo') ? 'sudo ' : ''
  return snippet(
    [
      heading,
      '[Service]',
      `EnvironmentFile=${envFile.inUnit}`,
      '',
      `# ${sudo}install -m 600 /dev/null ${envFile.inShell}`,
      say('env.in-file', { file: envFile.inShell }),
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
