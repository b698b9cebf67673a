/** The process-wide mode: src/process. */
export const PROCESS = {
  'process.already-installed': 'This process has an installation already, by {installer}',
  'process.already-installed.hint':
    'One process has one installation: call stop() on the first, or leave this one out. Under discord-transport/register, install() with the same proxy and a scope no wider is the same installation.',
  'process.register.end': 'discord-transport/register: {message}. {hint}',
  'process.register.no-proxy': 'DISCORD_TRANSPORT_REQUIRED: no proxy was found; looked at {variables}',
  'process.register.no-proxy.hint':
    'Set one of them before the process starts: what dotenv reads inside the bot comes too late, and node --env-file=.env does not.',
  'process.register.late':
    '{variable} was set after discord-transport/register had looked for a proxy, so this process connects directly',
  'process.refused.late':
    'The connection to {target} is refused: the proxy was set after discord-transport/register had looked for one',
  'process.refused.late.hint':
    'Set it before the process starts: node --env-file=.env --import discord-transport/register bot.js',
  'process.refused.loopback': 'The connection to {target} is refused: it leads to this host itself',
  'process.refused.loopback.hint':
    "The installation has loopback: 'block'. Pass loopback: 'direct', or open it inside bypass().",
  'process.refused.sockets': 'The connection to {target} is refused: sockets are blocked',
  'process.refused.sockets.hint':
    "The installation has sockets: 'block', so only HTTP and WebSockets leave. Pass sockets: 'proxy', or open it inside bypass().",
  'process.refused.socket':
    'The connection to {target} is refused: a socket that connects itself cannot take the proxy',
  'process.refused.socket.hint':
    'Call connect() of node:net or node:tls, as a property of its module, in place of new Socket().connect(): it takes the proxy. Or open the socket inside bypass().',
  'process.refused.foreign': 'The request to {target} is refused: its agent made a connection past the proxy',
  'process.refused.foreign.hint':
    'Leave out the agent, or pass an agent of node:http or node:https: those take the proxy. Or send it inside bypass().',
  'process.refused.over':
    'The connection to {target} is refused: the socket that it was given leads past the proxy',
  'process.refused.over.hint':
    'Pass the host, and no socket: then it takes the proxy. Or open both inside bypass().',
  'process.refused.policy': 'The connection to {target} is refused: bypassPolicy failed',
  'process.refused.policy.hint': 'Look into the function that you passed: its error is the cause.',
  'process.refused.udp':
    'The UDP packet to the voice server {target} is refused: it would leave from the address of this host, past the proxy',
  'process.refused.udp.hint':
    "Voice is UDP, which takes no proxy here. Pass udp: 'direct' to install() to let it leave from the address of this host.",

  'process.reason.stopped': 'the installation has been stopped',
  'process.reason.outside': 'it is outside the scope',
  'process.reason.loopback': 'it leads to this host itself',
  'process.reason.proxy': 'it leads to the proxy itself',
  'process.reason.bypass': 'bypass() is around it',
  'process.reason.policy': 'bypassPolicy chose it',
  'process.reason.policy-failed': 'bypassPolicy failed',
} as const
