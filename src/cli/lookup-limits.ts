/**
 * Makes the system's resolver give up on dead name servers after ten seconds, unless the user has set otherwise:
 * resolv.conf(5). glibc's own limit is five seconds for each server, twice: with three dead servers 28 seconds,
 * and since a lookup cannot be taken back, that is how long the process would outlive its report.
 */
export function limitLookups(env: NodeJS.ProcessEnv = process.env): void {
  env['RES_OPTIONS'] ??= 'timeout:2 attempts:2'
}
