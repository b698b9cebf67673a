import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * What a process believes of names that finds these files in the place of its own: with a server, what that one
 * says; without, nothing at all. `ip netns exec` puts the files of /etc/netns/NAME there by itself.
 */
export async function writeEtc(
  directory: string,
  { nameServer, hosts = [] }: { readonly nameServer?: string; readonly hosts?: readonly string[] },
): Promise<void> {
  const files = {
    'resolv.conf': nameServer === undefined ? '' : `nameserver ${nameServer}\noptions timeout:1 attempts:1\n`,
    // Some systems ask a daemon of the host over a socket in the file system, which no namespace holds back.
    'nsswitch.conf': 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n',
    hosts: ['127.0.0.1 localhost', ...hosts, ''].join('\n'),
  }
  await mkdir(directory, { recursive: true, mode: 0o755 })
  for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content)
}

/** Mounts each file of a folder over its namesake in /etc, then becomes the command. */
const MOUNT_AND_EXEC = 'for file in "$0"/*; do mount --bind "$file" "/etc/${file##*/}"; done; exec "$@"'

/** A command in a mount namespace of its own, with the files of `directory` over those in /etc. */
export function withEtc(directory: string, command: readonly string[]): readonly string[] {
  return ['unshare', '--mount', '--', 'sh', '-ec', MOUNT_AND_EXEC, directory, ...command]
}
