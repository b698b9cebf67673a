import { say } from '../../messages/index.js'
import { fillIn, snippet, type ProxySetting, type Snippet } from './setting.js'
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
  if (!/^https?:/.test(url)) return snippet([say('env.openclaw.scheme')], say('env.openclaw.scheme.warning'))
  const dropIn = systemdUserSnippet({ ...setting, name: 'OPENCLAW_PROXY_URL', unit: UNIT })
  const settings = [
    ...(openclaw.caFile === undefined || !url.startsWith('https:')
      ? []
      : [`openclaw config set proxy.tls.caFile ${shellQuote(openclaw.caFile)}`]),
    ...(openclaw.loopbackMode === undefined
      ? []
      : [`openclaw config set proxy.loopbackMode ${shellQuote(openclaw.loopbackMode)}`]),
  ]
  const service = [say('env.openclaw.service'), ...dropIn.text.split('\n')].map((line) =>
    line === '' || line.startsWith('#') ? line : `# ${line}`,
  )
  if (!hasSecret)
    return snippet([
      say('env.openclaw.config'),
      `openclaw config set proxy.proxyUrl ${shellQuote(url)}`,
      ...settings,
      ...RESTART,
      '',
      ...service,
    ])
  const file = `${openclaw.stateDirectory}/.env`
  return snippet(
    [
      say('env.openclaw.dotenv'),
      `touch ${file} && chmod 600 ${file}`,
      say('env.in-file', { file }),
      `# OPENCLAW_PROXY_URL='${url.replaceAll("'", '%27')}'`,
      ...settings,
      ...RESTART,
      '',
      ...service,
    ],
    fillIn(say('env.openclaw.secret', { file })),
  )
}
