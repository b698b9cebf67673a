/**
 * Warns through the process once about each text: what an adapter cannot carry must not be found out in production.
 *
 * Listeners of `process.on('warning')` see `name: 'DiscordTransportWarning'`.
 */
export function warnOnce(text: string): void {
  if (warned.has(text)) return
  warned.add(text)
  process.emitWarning(text, 'DiscordTransportWarning')
}

const warned = new Set<string>()

/**
 * The user's own value for an option that leads to the proxy is kept. It may go around the proxy, so a warning
 * says so.
 *
 * @param given the user's value
 * @param ours the value that takes the transport
 * @param option the option's name as the user writes it, such as `rest.agent`
 */
export function keepGiven<Value>(given: Value | null | undefined, ours: Value, option: string): Value {
  if (given === undefined || given === null || given === ours) return ours
  warnOnce(
    `The option ${option} is kept as it was given, so what it carries does not take discord-transport.`,
  )
  return given
}

/**
 * The options that a library hands to `ws`, with the transport's agent where they have none.
 *
 * @param given the user's options for `ws`, of a type that the library does not state
 * @param option the name under which the user gives them, such as `ws`
 */
export function socketOptions<Agent>(
  given: unknown,
  agent: Agent,
  option: string,
): object & { agent: Agent } {
  const own = typeof given === 'object' && given !== null ? given : {}
  const theirs = 'agent' in own ? (own.agent as Agent | undefined) : undefined
  return { ...own, agent: keepGiven(theirs, agent, `${option}.agent`) }
}
