import { ENV_FILE, FILL_IN, snippet, type ProxySetting, type Snippet } from './setting.js'

export function shellSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const line = `export ${name}=${shellQuote(url)}`
  if (!hasSecret) return snippet(['# shell: at the end of ~/.profile', line])
  return snippet(
    profileLines('shell', line),
    `${FILL_IN} ~/.profile and ~/.bashrc are readable by every user of many hosts: keep the URL in the file with mode 600.`,
  )
}

/** ~/.profile reads a file with mode 600. */
function profileLines(place: string, line: string): readonly string[] {
  return [
    `# ${place}: a file of your own that ~/.profile reads`,
    `install -m 600 /dev/null ~/.config/${ENV_FILE}`,
    `# in ~/.config/${ENV_FILE}:`,
    line,
    '# at the end of ~/.profile:',
    `. ~/.config/${ENV_FILE}`,
  ]
}

/** POSIX sh: between single quotes only the quote itself has a meaning. */
export function shellQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/**
 * In its default network mode WSL2 is a machine of its own, and Windows is its default gateway:
 * https://learn.microsoft.com/windows/wsl/networking
 */
export function wslSnippet({ name, url, hasSecret, loopback }: ProxySetting): Snippet {
  const escaped = url.replace(/["\\$`]/g, '\\$&')
  const value =
    loopback === null
      ? shellQuote(url)
      : `"${escaped.replace(loopback, "$(ip route show default | awk '{print $3}')")}"`
  const line = `export ${name}=${value}`
  return snippet(
    hasSecret ? profileLines('WSL', line) : ['# WSL: at the end of ~/.profile in the distribution', line],
    hasSecret ? `${FILL_IN} Keep the URL in the file with mode 600.` : null,
    loopback === null
      ? null
      : `In WSL2 ${loopback} is not Windows, so the line uses the default gateway: let the proxy accept connections from the LAN, and let the Windows firewall pass its port. With networkingMode=mirrored in .wslconfig, ${loopback} is right.`,
  )
}

/** Node's --env-file and dotenv: nothing is replaced between single quotes. */
export function dotenvSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  return snippet(
    [
      '# .env: load it with node --env-file=.env, or with dotenv before discord-transport is imported',
      ...(hasSecret ? ['# install -m 600 /dev/null .env'] : []),
      `${name}='${url.replaceAll("'", '%27')}'`,
    ],
    hasSecret
      ? `${FILL_IN} A new .env is readable by other users and easily committed: give it mode 600, and add it to .gitignore.`
      : null,
  )
}

/**
 * A batch file: there cmd.exe replaces %NAME% even between quotes, and %% becomes one %. setx takes no URL with %
 * reliably, PowerShell does.
 */
export function windowsSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const needsPowerShell = hasSecret || url.includes('%')
  const quoted = url.replaceAll("'", "''").replaceAll('%', '%%')
  return snippet(
    needsPowerShell
      ? [
          'rem Windows: save as proxy.bat and run it; for your user, from the next window on',
          'rem In a .bat file every % is written twice: %%40 stands for %40',
          `powershell -NoProfile -Command "[Environment]::SetEnvironmentVariable('${name}', '${quoted}', 'User')"`,
        ]
      : ['rem Windows: for your user, from the next window on', `setx ${name} "${url.replaceAll('"', '')}"`],
    hasSecret
      ? `${FILL_IN} In the .bat file write every % twice (%%40 for %40), and delete the file afterwards. The registry keeps the value in clear text (HKCU\\Environment), where every program of yours can read it; never use /M or 'Machine', which show it to every user.`
      : null,
  )
}
