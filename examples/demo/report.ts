import type { GuardReport } from './guard.js'
import type { Check, Traffic } from './messages.js'
import { formatBytes, heading, print, style } from './terminal.js'

export interface Report {
  readonly proxy: string
  readonly traffic: readonly Traffic[]
  readonly guard: GuardReport
  readonly checks: readonly Check[]
}

/** Prints what went where, and every check. Returns whether all of them hold. */
export function printReport({ proxy, traffic, guard, checks }: Report): boolean {
  heading(`Through ${proxy}`)
  row('to', 'tunnels', 'sent', 'received')
  for (const { target, tunnels, sent, received } of traffic) {
    row(target, String(tunnels), formatBytes(sent), formatBytes(received))
  }
  const total = (pick: (entry: Traffic) => number): number =>
    traffic.reduce((sum, entry) => sum + pick(entry), 0)
  row(
    'together',
    String(total(({ tunnels }) => tunnels)),
    formatBytes(total(({ sent }) => sent)),
    formatBytes(total(({ received }) => received)),
  )

  heading('Around it')
  print(`  ${'connections to anywhere else'.padEnd(40)}${String(guard.refused.length).padStart(9)}`)
  print(`  ${'names looked up'.padEnd(40)}${String(guard.refusedLookups.length).padStart(9)}`)
  print(`  ${'DNS queries of the system'.padEnd(40)}${String(guard.queries).padStart(9)}`)
  print(`  ${'UDP packets'.padEnd(40)}${String(guard.datagrams).padStart(9)}`)
  if (guard.localLookups.length > 0) {
    const names = new Set(guard.localLookups).size
    print(`  (SOCKS4 carries no names: the bot resolved ${names} of them itself, as it must.)`)
  }

  heading('Checks')
  const all = [...checks, ...guardChecks(guard)]
  for (const { claim, holds } of all) {
    print(`  ${holds ? style('green', '✓') : style('red', '✗')} ${claim}`)
  }
  print()
  const passed = all.every(({ holds }) => holds)
  print(
    passed
      ? style(['green', 'bold'], 'Everything went through the proxy, and nothing around it.')
      : style(['red', 'bold'], 'Something went wrong: see the checks above.'),
  )
  return passed
}

function row(target: string, tunnels: string, sent: string, received: string): void {
  print(`  ${target.padEnd(40)}${tunnels.padStart(9)}${sent.padStart(13)}${received.padStart(13)}`)
}

function guardChecks({ connections, refused, refusedLookups, queries, ...rest }: GuardReport): Check[] {
  const places = [...new Set(connections)]
  return [
    {
      claim: `the process connected ${connections.length} times, only to ${places.join(' and ')}`,
      holds: connections.length > 0 && refused.length === 0,
    },
    {
      claim: 'the process sent no DNS query for any name of Discord',
      holds:
        refusedLookups.length === 0 &&
        rest.datagrams === 0 &&
        (rest.localLookups.length > 0 || queries <= rest.proxyLookups),
    },
  ]
}
