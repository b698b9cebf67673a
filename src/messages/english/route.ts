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

  'route.tls.proxy.issuer.hint': {
    library:
      'The certificate of the proxy is signed by a private authority. Give its certificate as proxyTls.caFile.',
    command:
      'The certificate of the proxy is signed by a private authority. Give its certificate with --proxy-ca-file.',
  },
  'route.tls.proxy.name.hint': {
    library: 'The certificate is for another name. Set proxyTls.servername if that is intended.',
    command:
      'The certificate is for another name: write that name as the host of the proxy URL, if it is the same proxy.',
  },
  'route.tls.proxy.expired.hint': 'Renew the certificate of the proxy, and check the clock of this host.',
  'route.tls.proxy.not-tls.hint':
    'This port does not speak TLS: write http:// instead of https://, or socks5:// for a SOCKS port.',
  'route.tls.proxy.client.hint': {
    library:
      'The proxy refused our side of the handshake: it may want a client certificate (proxyTls.cert and proxyTls.key).',
    command:
      'The proxy refused our side of the handshake: it may want a client certificate, for which the library has options and the command has none.',
  },
  'route.tls.proxy.broken.hint':
    'The connection broke during the TLS handshake: check that this port really speaks TLS, or write http://, or socks5:// for a SOCKS port.',
  'route.tls.target.issuer.hint': {
    library:
      'The certificate is signed by an authority that this host does not know: TLS is being inspected on the way. Give its certificate as tls.caFile.',
    command:
      'The certificate is signed by an authority that this host does not know: TLS is being inspected on the way. Give its certificate with --tls-ca-file.',
  },
  'route.tls.target.name.hint': {
    library: 'The certificate is for another name. Set tls.servername if that is intended.',
    command: 'The certificate is for another name: check the URL.',
  },
  'route.tls.target.expired.hint': 'Renew the certificate of the server, and check the clock of this host.',
  'route.tls.discord.name.hint':
    "The certificate is not Discord's: another server answers in its place (forged DNS, a captive portal, a filter). Do not accept it, since that server would get the token. Use a proxy that reaches Discord itself.",
  'route.tls.discord.expired.hint':
    "Discord's own certificate does not expire in use: check the clock of this host first. If it is right, another server answers in Discord's place (a filter, a captive portal).",
  'route.tls.target.not-tls.hint':
    'What came through the tunnel is not TLS: a captive portal or a filter answered in place of the destination.',
  'route.tls.target.client.hint': {
    library:
      'The destination refused our side of the handshake: it may want a client certificate (tls.cert and tls.key).',
    command:
      'The destination refused our side of the handshake: it may want a client certificate, for which the library has options and the command has none.',
  },
  'route.tls.target.broken.hint':
    'The connection broke during the TLS handshake: the proxy or a filter behind it may block this destination, or could not reach it: V2Ray, Clash and Shadowsocks open the tunnel first and connect afterwards.',
} as const
