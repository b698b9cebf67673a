/** What the command `env` says around the settings that it prints. */
export const ENVIRONMENT = {
  'env.no-proxy':
    'no proxy was found: set OPENCLAW_PROXY_URL, HTTPS_PROXY or ALL_PROXY, or give --proxy-url http://127.0.0.1:7897',
  'env.fill-in': 'Replace *** with your own user name and password, percent-encoded.',
  'env.in-file': '# in {file}:',
  'env.docker.host':
    'In a container {loopback} is the container itself, so this says {host}, the host of Docker; the proxy must listen on more than loopback for that ("Allow LAN"). Or use {network}, and {loopback} as it was.',
  'env.dockerfile.no-env': '# docker run: no ENV, which stays in the image',
  'env.dockerfile.in-file': '# in {file}, without quotes:',
  'env.dockerfile.secret':
    'ENV and ARG are stored in the image: anyone with the image can read them with docker history. Keep {file} out of the build context (.dockerignore) and out of version control.',
  'env.compose.in-file': '# install -m 600 /dev/null {file}; in it:',
  'env.compose.secret':
    'compose.yaml is usually world-readable and under version control: keep the URL in {file}, with mode 600 and in .gitignore.',
  'env.openclaw.scheme':
    '# OpenClaw takes http:// and https:// proxies alone, and refuses a configuration with any other.',
  'env.openclaw.scheme.warning':
    'Give the HTTP port of the same proxy with --proxy-url; many clients have one beside SOCKS, or a mixed one.',
  'env.openclaw.service': '# in place of all that, for the service of systemd alone',
  'env.openclaw.config': '# OpenClaw: in its configuration, for the gateway and every command',
  'env.openclaw.dotenv':
    "# OpenClaw: in the file .env of its state directory, which the configuration's readers do not see",
  'env.openclaw.secret':
    'Keep the URL in {file}, with mode 600: openclaw.json is copied into backups, and Environment= in a unit can be read by every user.',
  'env.systemd.user': 'systemd, user service',
  'env.systemd.system': 'systemd, system service',
  'env.systemd.heading': '# {title}: {file} ({unit} is the name of your unit)',
  'env.systemd.secret':
    'Environment= in a unit can be read by every user with systemctl show: keep the URL in the file with mode 600.',
  'env.launchd.heading': 'launchd: {file} (its label and its program are yours)',
  'env.launchd.secret': 'A plist is written world-readable: chmod 600 {file} first.',
  'env.pm2.heading':
    '// pm2: ecosystem.config.cjs (name and script are yours); pm2 restart ecosystem.config.cjs --update-env',
  'env.pm2.in-file': '// install -m 600 /dev/null {file}; in it: {line}',
  'env.pm2.secret':
    'Keep the URL in {file}, with mode 600 and in .gitignore. "pm2 save" writes the environment in clear text to ~/.pm2/dump.pm2, which others must not be able to read.',
  'env.shell.heading': '# shell: at the end of ~/.profile',
  'env.shell.secret':
    '~/.profile and ~/.bashrc are readable by every user of many hosts: keep the URL in the file with mode 600.',
  'env.profile.heading': '# {place}: a file of your own that ~/.profile reads',
  'env.profile.end': '# at the end of ~/.profile:',
  'env.wsl.heading': '# WSL: at the end of ~/.profile in the distribution',
  'env.wsl.secret': 'Keep the URL in the file with mode 600.',
  'env.wsl.host':
    'In WSL2 {loopback} is not Windows, so the line uses the default gateway: let the proxy accept connections from the LAN, and let the Windows firewall pass its port. With networkingMode=mirrored in .wslconfig, {loopback} is right.',
  'env.dotenv.heading':
    '# .env: load it with node --env-file=.env, or with dotenv before discord-transport is imported',
  'env.dotenv.secret':
    'A new .env is readable by other users and easily committed: give it mode 600, and add it to .gitignore.',
  'env.windows.secret':
    "In the .bat file write every % twice (%%40 for %40), and delete the file afterwards. The registry keeps the value in clear text (HKCU\\Environment), where every program of yours can read it; never use /M or 'Machine', which show it to every user.",
} as const
