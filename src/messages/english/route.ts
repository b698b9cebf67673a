/** The failures of the route to a destination: src/tunnel. */
export const ROUTE = {
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
