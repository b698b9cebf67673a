import { say } from '../../messages/index.js'
import { ENV_FILE, fillIn, snippet, type ProxySetting, type Snippet } from './setting.js'

/** https://docs.docker.com/reference/cli/docker/container/run/#add-host */
const DOCKER_HOST = 'host.docker.internal'
const HOST_GATEWAY = `${DOCKER_HOST}:host-gateway`

/** The URL as a container has to write it. */
function containerUrl({ url, loopback }: ProxySetting): string {
  return loopback === null ? url : url.replace(loopback, DOCKER_HOST)
}

function loopbackWarning({ loopback }: ProxySetting, hostNetwork: string): string | null {
  if (loopback === null) return null
  return say('env.docker.host', { loopback, host: DOCKER_HOST, network: hostNetwork })
}

export function dockerfileSnippet(setting: ProxySetting): Snippet {
  const { name, hasSecret, loopback } = setting
  const url = containerUrl(setting)
  const addHost = loopback === null ? '' : `--add-host=${HOST_GATEWAY} `
  const warning = loopbackWarning(setting, 'docker run --network=host')
  if (!hasSecret)
    return snippet(
      [
        '# Dockerfile',
        `ENV ${name}="${url.replace(/["\\$]/g, '\\$&')}"`,
        ...(addHost === '' ? [] : [`# docker run ${addHost}...`]),
      ],
      warning,
    )
  return snippet(
    [
      say('env.dockerfile.no-env'),
      `install -m 600 /dev/null ${ENV_FILE}`,
      say('env.dockerfile.in-file', { file: ENV_FILE }),
      `# ${name}=${url}`,
      `docker run ${addHost}--env-file ${ENV_FILE} ...`,
    ],
    fillIn(say('env.dockerfile.secret', { file: ENV_FILE })),
    warning,
  )
}

/** Compose reads $ as the start of a variable, and $$ as one $. */
export function composeSnippet(setting: ProxySetting): Snippet {
  const { name, hasSecret, loopback } = setting
  const url = containerUrl(setting)
  const extraHosts = loopback === null ? [] : ['    extra_hosts:', `      - '${HOST_GATEWAY}'`]
  const service = ['# compose.yaml', 'services:', '  bot:']
  const warning = loopbackWarning(setting, 'network_mode: host')
  if (!hasSecret) {
    const value = JSON.stringify(url.replaceAll('$', '$$$$'))
    return snippet([...service, '    environment:', `      ${name}: ${value}`, ...extraHosts], warning)
  }
  return snippet(
    [
      ...service,
      '    env_file:',
      `      - ${ENV_FILE}`,
      ...extraHosts,
      say('env.compose.in-file', { file: ENV_FILE }),
      `# ${name}='${url}'`,
    ],
    fillIn(say('env.compose.secret', { file: ENV_FILE })),
    warning,
  )
}
