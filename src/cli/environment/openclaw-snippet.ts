import { FILL_IN, snippet, type ProxySetting, type Snippet } from './setting.js'
import { systemdUserSnippet } from './service-snippets.js'
import { shellQuote } from './user-snippets.js'

const UNIT = 'openclaw-gateway.service'
const RESTART = ['openclaw gateway install --force', 'openclaw gateway restart']

/**
 * What lasts in an installation of OpenClaw: https://docs.openclaw.ai/security/network-proxy. A service gets the
 * variable from the state directory's `.env` only when it is installed anew.
 */
export function openClawSnippet(setting: ProxySetting): Snippet {
  const { url, hasSecret, openclaw } = setting
  if (!/^https?:/.test(url))
    return snippet(
      ['# OpenClaw takes http:// and https:// proxies alone, and refuses a configuration with any other.'],
      'Give the HTTP port of the same proxy with --proxy-url; many clients have one beside SOCKS, or a mixed one.',
    )
  const dropIn = systemdUserSnippet({ ...setting, name: 'OPENCLAW_PROXY_URL', unit: UNIT })
  const settings = [
    ...(openclaw.caFile === undefined || !url.startsWith('https:')
      ? []
      : [`openclaw config set proxy.tls.caFile ${shellQuote(openclaw.caFile)}`]),
    ...(openclaw.loopbackMode === undefined
      ? []
      : [`openclaw config set proxy.loopbackMode ${shellQuote(openclaw.loopbackMode)}`]),
  ]
  const service = [
    '# in place of all that, for the service of systemd alone',
    ...dropIn.text.split('\n'),
  ].map((line) => (line === '' || line.startsWith('#') ? line : `# ${line}`))
  if (!hasSecret)
    return snippet([
      '# OpenClaw: in its configuration, for the gateway and every command',
      `openclaw config set proxy.proxyUrl ${shellQuote(url)}`,
      ...settings,
      ...RESTART,
      '',
      ...service,
    ])
  const file = `${openclaw.stateDirectory}/.env`
  return snippet(
    [
      "# OpenClaw: in the file .env of its state directory, which the configuration's readers do not see",
      `touch ${file} && chmod 600 ${file}`,
      `# in ${file}:`,
      `# OPENCLAW_PROXY_URL='${url.replaceAll("'", '%27')}'`,
      ...settings,
      ...RESTART,
      '',
      ...service,
    ],
    `${FILL_IN} Keep the URL in ${file}, with mode 600: openclaw.json is copied into backups, and Environment= in a unit can be read by every user.`,
  )
}
