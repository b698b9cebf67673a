import { say } from '../../messages/index.js'
import { ENV_FILE, fillIn, snippet, type ProxySetting, type Snippet } from './setting.js'

export function shellSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  const line = `export ${name}=${shellQuote(url)}`
  if (!hasSecret) return snippet([say('env.shell.heading'), line])
  return snippet(profileLines('shell', line), fillIn(say('env.shell.secret')))
}

/** ~/.profile reads a file with mode 600. */
function profileLines(place: string, line: string): readonly string[] {
  return [
    say('env.profile.heading', { place }),
    `install -m 600 /dev/null ~/.config/${ENV_FILE}`,
    say('env.in-file', { file: `~/.config/${ENV_FILE}` }),
    line,
    say('env.profile.end'),
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
    hasSecret ? profileLines('WSL', line) : [say('env.wsl.heading'), line],
    hasSecret ? fillIn(say('env.wsl.secret')) : null,
    loopback === null ? null : say('env.wsl.host', { loopback }),
  )
}

/** Node's --env-file and dotenv: nothing is replaced between single quotes. */
export function dotenvSnippet({ name, url, hasSecret }: ProxySetting): Snippet {
  return snippet(
    [
      say('env.dotenv.heading'),
      ...(hasSecret ? ['# install -m 600 /dev/null .env'] : []),
      `${name}='${url.replaceAll("'", '%27')}'`,
    ],
    hasSecret ? fillIn(say('env.dotenv.secret')) : null,
  )
}

/**
 * A batch file, where cmd.exe replaces %NAME% even between quotes, and %% becomes one %. It is ASCII in every language:
 * cmd.exe reads it in the code page of the system. setx takes no URL with % reliably, PowerShell does.
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
    hasSecret ? fillIn(say('env.windows.secret')) : null,
  )
}
