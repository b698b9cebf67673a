/** The failures of the route to a destination: src/tunnel. */
export const ROUTE = {
  'route.upgrade': '{target} answered the WebSocket upgrade with {status}',
  'route.upgrade.hint':
    'The route works, and the server behind it refuses the WebSocket: check the path of the URL.',
  'route.upgrade.page.hint':
    'Another server answers in its place, such as a login page (captive portal) or a filter: log in with a browser on this network, or ask the operator of the proxy to let this host through.',
  'route.upgrade.credentials.hint':
    'The route works, and the server behind it wants credentials for the WebSocket: check the headers. Discord takes its token in IDENTIFY, after the upgrade.',
  'route.upgrade.blocked.hint':
    'The route works, and the server behind it refuses: Discord (or Cloudflare before it) may block the address of this proxy. Use another way out.',
  'route.upgrade.removed.hint':
    'The request arrived without its Upgrade header: a proxy that inspects TLS removed it. It must let WebSockets pass, or leave this host uninspected.',
  'route.upgrade.rate-limit.hint':
    'Too many connections came from the address of the proxy, which other clients may share: wait, or use another way out.',
  'route.upgrade.unavailable.hint':
    'The route works; the failure is behind it. Look at discordstatus.com, and try again later.',
  'route.timeout.direct.hint': {
    library: 'This route is direct: check the network, set a proxy, or raise connectTimeoutMs.',
    command: 'This route is direct: check the network, set a proxy, or raise --timeout-ms.',
  },
  'route.timeout.target.hint': {
    library:
      'The proxy opened the tunnel, but nothing useful came through it. Check that the proxy lets answers back, or raise connectTimeoutMs.',
    command:
      'The proxy opened the tunnel, but nothing useful came through it. Check that the proxy lets answers back, or raise --timeout-ms.',
  },
  'route.timeout.proxy.hint': {
    library:
      'Check that the proxy runs, that this is its port and that it speaks the scheme of the URL, or raise connectTimeoutMs.',
    command:
      'Check that the proxy runs, that this is its port and that it speaks the scheme of the URL, or raise --timeout-ms.',
  },
} as const
