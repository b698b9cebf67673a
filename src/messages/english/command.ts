/** What the command prints around the results. */
export const COMMAND = {
  'command.source': 'the command line',
  'command.from': 'from {source}',
  'command.doctor.not-reached': 'not reached',
  'command.doctor.more-not-reached': 'and {hops} more hops not reached',
  'command.doctor.try': 'try:',
  'command.doctor.fix': 'To fix it:',
  'command.doctor.well': 'All is well',
  'command.doctor.failed': 'FAILED at',
  'command.doctor.unreached': 'a hop that was not reached',
  'command.doctor.without-proxy': 'Without the proxy:',
  'command.doctor.reached': 'all hops passed',
  'command.doctor.waiting': 'waiting for: {title} ({seconds} s)',
} as const
