import { ENV_FILE, FILL_IN, snippet, type ProxySetting, type Snippet } from './setting.js'

/** https://docs.docker.com/reference/cli/docker/container/run/#add-host */
const DOCKER_HOST = 'host.docker.internal'
const HOST_GATEWAY = `${DOCKER_HOST}:host-gateway`

/** The URL as a container has to write it. */
function containerUrl({ url, loopback }: ProxySetting): string {
  return loopback === null ? url : url.replace(loopback, DOCKER_HOST)
}

function loopbackWarning({ loopback }: ProxySetting, hostNetwork: string): string | null {
  if (loopback === null) return null
  return `In a container ${loopback} is the container itself, so this says ${DOCKER_HOST}, the host of Docker; the proxy must listen on more than loopback for that ("Allow LAN"). Or use ${hostNetwork}, and ${loopback} as it was.`
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
      '# docker run: no ENV, which stays in the image',
      `install -m 600 /dev/null ${ENV_FILE}`,
      `# in ${ENV_FILE}, without quotes:`,
      `# ${name}=${url}`,
      `docker run ${addHost}--env-file ${ENV_FILE} ...`,
    ],
    `${FILL_IN} ENV and ARG are stored in the image: anyone with the image can read them with docker history. Keep ${ENV_FILE} out of the build context (.dockerignore) and out of version control.`,
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
      `# install -m 600 /dev/null ${ENV_FILE}; in it:`,
      `# ${name}='${url}'`,
    ],
    `${FILL_IN} compose.yaml is usually world-readable and under version control: keep the URL in ${ENV_FILE}, with mode 600 and in .gitignore.`,
    warning,
  )
}
