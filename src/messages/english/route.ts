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
  'route.timeout.peer.proxy': 'The proxy {proxy}',
  'route.timeout.config': '{peer} was not configured within {timeoutMs} ms',
  'route.timeout.pac': '{peer} did not deliver its PAC script within {timeoutMs} ms',
  'route.timeout.proxy-dns': '{peer} could not be looked up within {timeoutMs} ms',
  'route.timeout.proxy-connect': '{peer} did not accept a TCP connection within {timeoutMs} ms',
  'route.timeout.proxy-tls': '{peer} did not finish its TLS handshake within {timeoutMs} ms',
  'route.timeout.proxy-auth': '{peer} did not answer the authentication within {timeoutMs} ms',
  'route.timeout.tunnel': '{peer} did not answer the tunnel request within {timeoutMs} ms',
  'route.timeout.target-dns': '{peer} could not be looked up within {timeoutMs} ms',
  'route.timeout.target-connect': '{peer} did not accept a TCP connection within {timeoutMs} ms',
  'route.timeout.target-tls': '{peer} did not finish its TLS handshake within {timeoutMs} ms',
  'route.timeout.exchange': '{peer} did not answer within {timeoutMs} ms',
  'route.timeout.direct.hint':
    'This route is direct: check the network, set a proxy, or raise {connectTimeoutMs|--timeout-ms}.',
  'route.timeout.target.hint':
    'The proxy opened the tunnel, but nothing useful came through it. Check that the proxy lets answers back, or raise {connectTimeoutMs|--timeout-ms}.',
  'route.timeout.proxy.hint':
    'Check that the proxy runs, that this is its port and that it speaks the scheme of the URL, or raise {connectTimeoutMs|--timeout-ms}.',

  'route.tls.proxy.issuer.hint':
    'The certificate of the proxy is signed by a private authority. Give its certificate {as proxyTls.caFile|with --proxy-ca-file}.',
  'route.tls.proxy.name.hint':
    'The certificate is for another {name. Set proxyTls.servername if that is intended|name: write that name as the host of the proxy URL, if it is the same proxy}.',
  'route.tls.proxy.expired.hint': 'Renew the certificate of the proxy, and check the clock of this host.',
  'route.tls.proxy.not-tls.hint':
    'This port does not speak TLS: write http:// instead of https://, or socks5:// for a SOCKS port.',
  'route.tls.proxy.client.hint':
    'The proxy refused our side of the handshake: it may want a client certificate{ (proxyTls.cert and proxyTls.key)|, for which the library has options and the command has none}.',
  'route.tls.proxy.broken.hint':
    'The connection broke during the TLS handshake: check that this port really speaks TLS, or write http://, or socks5:// for a SOCKS port.',
  'route.tls.target.issuer.hint':
    'The certificate is signed by an authority that this host does not know: TLS is being inspected on the way. Give its certificate {as tls.caFile|with --tls-ca-file}.',
  'route.tls.target.name.hint':
    'The certificate is for another {name. Set tls.servername if that is intended|name: check the URL}.',
  'route.tls.target.expired.hint': 'Renew the certificate of the server, and check the clock of this host.',
  'route.tls.discord.name.hint':
    "The certificate is not Discord's: another server answers in its place (forged DNS, a captive portal, a filter). Do not accept it, since that server would get the token. Use a proxy that reaches Discord itself.",
  'route.tls.discord.expired.hint':
    "Discord's own certificate does not expire in use: check the clock of this host first. If it is right, another server answers in Discord's place (a filter, a captive portal).",
  'route.tls.target.not-tls.hint':
    'What came through the tunnel is not TLS: a captive portal or a filter answered in place of the destination.',
  'route.tls.target.client.hint':
    'The destination refused our side of the handshake: it may want a client certificate{ (tls.cert and tls.key)|, for which the library has options and the command has none}.',
  'route.tls.target.broken.hint':
    'The connection broke during the TLS handshake: the proxy or a filter behind it may block this destination, or could not reach it: V2Ray, Clash and Shadowsocks open the tunnel first and connect afterwards.',
  'route.tls.proxy': 'TLS to the proxy {proxy} failed',
  'route.tls.target': 'TLS to {target} failed',

  'route.pac.not-loaded': 'The PAC script of the proxy {proxy} could not be loaded',
  'route.pac.not-loaded.hint':
    'Open the PAC URL without its "pac+" in a browser or with curl: it must be served without a proxy.',
  'route.pac.no-return': 'The PAC script of {proxy} did not return',
  'route.pac.no-return.hint':
    'Look for an endless loop in FindProxyForURL, or for a name server that does not answer dnsResolve().',
  'route.pac.interpreter': 'The PAC interpreter could not be loaded: {reason}',
  'route.pac.interpreter.hint':
    'A bundler does not pack it: leave discord-transport out of the bundle, or install proxy-agent beside it.',
  'route.pac.broken': 'The PAC script of {proxy} {why}',
  'route.pac.broken.hint':
    'FindProxyForURL must return "PROXY host:port", "SOCKS5 host:port", "HTTPS host:port" or "DIRECT".',
  'route.list.failed': '{message}; none of the {proxies} proxies opened a tunnel',
  'route.pac.direct-in-list':
    'The PAC script of {proxy} sends {target} DIRECT, which a list of proxies never is',
  'route.pac.direct-in-list.hint':
    'Let the script name a proxy for this destination, or take it out of the list.',
  'route.pac.direct': 'The PAC script sends {target} DIRECT, but a proxy is required',
  'route.pac.direct.hint': 'Let the script name a proxy for this destination, or drop the option required.',

  'route.proxy-dns': 'The name of the proxy {proxy} could not be looked up',
  'route.proxy-dns.hint':
    'Check the host in the proxy URL; inside a container, localhost is the container itself.',
  'route.proxy-connect': 'No connection to the proxy {proxy}',
  'route.proxy-connect.hint':
    'Check that the proxy runs and listens on this host and port; inside a container, 127.0.0.1 is the container itself.',
  'route.proxy-broke': 'The proxy {proxy} broke the connection before it opened a tunnel',
  'route.proxy-broke.hint': 'The proxy may have restarted, or it may refuse this client: look into its log.',
  'route.target-dns': 'The name of {target} could not be looked up here',
  'route.target-dns.hint':
    "This scheme or {dns: 'local'|--dns local} resolves names on this host; socks5h, socks4a and http resolve them at the proxy.",
  'route.target-dns.direct.hint': 'Check DNS on this host, or set a proxy: it resolves names itself.',
  'route.target-connect': 'No connection to {target}',
  'route.target-connect.hint': 'This route is direct: check the network, or set a proxy.',
  'route.target.impossible': '{target} is not a valid host and port',
  'route.target.impossible.hint':
    'A host is an IP address or a name of at most 253 characters, a port a number from 1 to 65535.',

  'route.auth.wanted': 'The proxy {proxy} wants credentials ({answer})',
  'route.auth.wanted.http.hint':
    'Put them into the proxy URL, percent-encoded: http://user:password@host:port.',
  'route.auth.wanted.socks.hint':
    'Put them into the proxy URL, percent-encoded: socks5://user:password@host:port.',
  'route.auth.refused': 'The proxy {proxy} refused the credentials ({answer})',
  'route.auth.refused.hint':
    'Check the user name and the password in the proxy URL; @ : / % in them must be percent-encoded.',
  'route.auth.other.hint': 'The proxy offers {offered}: give a header value for it as proxyAuthorization.',
  'route.auth.no-method': 'The proxy {proxy} accepts none of our ways to authenticate ({answer})',
  'route.auth.no-method.hint':
    'This client offers "no authentication" and "username/password": allow one of them at the proxy.',
  'route.authorization.failed': 'The function proxyAuthorization failed',
  'route.authorization.unusable':
    'The function proxyAuthorization returned no header value: visible characters and spaces on one line',
  'route.authorization.late': 'The function proxyAuthorization did not settle within {timeoutMs} ms',
  'route.authorization.hint': 'Look into the function that you passed.',

  'route.answer.too-long': 'The proxy {proxy} sent more than {kibibytes} KiB without finishing its answer',
  'route.answer.none': 'The proxy {proxy} closed the connection without answering',
  'route.answer.cut': 'The proxy {proxy} closed the connection in the middle of its answer',
  'route.answer.cut.hint':
    'The proxy may have restarted, it may refuse this client, or something on the way to it cut the connection.',
  'route.answer.not-http': 'The proxy {proxy} does not answer as an HTTP proxy',
  'route.answer.spoke-first': 'The proxy {proxy} sent {bytes} bytes of its own into the tunnel',
  'route.answer.spoke-first.hint':
    'A proxy must send nothing of its own into a tunnel: look for an update of it.',
  'route.scheme.http.hint': 'It seems to speak HTTP: write http:// in the proxy URL.',
  'route.scheme.no-proxy.hint': 'It speaks HTTP, but not as a proxy does: check the port of the proxy URL.',
  'route.scheme.socks5.hint': 'It seems to speak SOCKS5: write socks5:// in the proxy URL.',
  'route.scheme.socks4.hint': 'It seems to speak SOCKS: write socks5:// or socks4a:// in the proxy URL.',
  'route.scheme.tls.hint': 'It seems to speak TLS: write https:// in the proxy URL.',
  'route.scheme.ssh.hint':
    'It is an SSH server: point the proxy URL at the port of its dynamic forwarding (ssh -D) and write socks5://.',
  'route.scheme.nothing.hint':
    'It closed the connection without an answer: the scheme may be wrong (try {others}), or it may refuse this client.',
  'route.scheme.unknown.hint': 'Check the port and the scheme of the proxy URL.',

  'route.way-out.hint': 'The proxy itself is reachable: check its DNS and its way out.',
  'route.connect.not-200': 'The proxy {proxy} answered CONNECT with {answer} in place of 200',
  'route.connect.not-200.hint':
    'Look for an update of the proxy, or point the proxy URL at its CONNECT port.',
  'route.connect.timeout': 'The proxy {proxy} got no connection to {target} in time ({answer})',
  'route.connect.timeout.hint':
    'The proxy itself is reachable: its way out is slow or blocked for this destination.',
  'route.connect.unreachable': 'The proxy {proxy} could not reach {target} ({answer})',
  'route.connect.none': 'The proxy {proxy} does not accept CONNECT ({answer})',
  'route.connect.none.hint':
    'This looks like a web server or a reverse proxy: check the port of the proxy URL.',
  'route.connect.denied': 'The proxy {proxy} refused a tunnel to {target} ({answer})',
  'route.connect.denied.hint':
    "The answer is the proxy's, not Discord's: its policy must allow CONNECT to {target}.",

  'route.socks.version': 'The proxy {proxy} does not speak this version of SOCKS',
  'route.socks5.general':
    'The proxy {proxy} failed, without saying why, to reach {target} (SOCKS5 reply {reply})',
  'route.socks5.denied': 'The proxy {proxy} refused a tunnel to {target} (SOCKS5 reply {reply})',
  'route.socks5.denied.hint':
    "The answer is the proxy's, not Discord's: its rules must allow this destination.",
  'route.socks5.network': 'The proxy {proxy} has no network to {target} (SOCKS5 reply {reply})',
  'route.socks5.host': 'The proxy {proxy} cannot reach the host {target} (SOCKS5 reply {reply})',
  'route.socks5.refused': 'The proxy {proxy} was refused a connection by {target} (SOCKS5 reply {reply})',
  'route.socks5.ttl': 'The proxy {proxy} saw the TTL expire on the way to {target} (SOCKS5 reply {reply})',
  'route.socks5.command':
    'The proxy {proxy} does not support the CONNECT command, asked for {target} (SOCKS5 reply {reply})',
  'route.socks5.command.hint': 'This SOCKS server opens no outgoing connections: use another one.',
  'route.socks5.address':
    'The proxy {proxy} does not support this type of address, asked for {target} (SOCKS5 reply {reply})',
  'route.socks5.address.hint':
    "This SOCKS server cannot resolve names itself: set {dns: 'local'|--dns local}, or use another one.",
  'route.socks5.unknown': 'The proxy {proxy} gave an unknown reply for {target} (SOCKS5 reply {reply})',
  'route.socks5.unknown.hint': 'RFC 1928 has no such reply: check that this port is a SOCKS5 proxy.',
  'route.socks4.rejected': 'The proxy {proxy} rejected or failed a tunnel to {target} (SOCKS4 reply 91)',
  'route.socks4.rejected.hint':
    'SOCKS4 does not say whether its rules or its way out failed, or whether it takes no names (Dante knows SOCKS4 but not 4a): look into its log, or use socks5://.',
  'route.socks4.identd': 'The proxy {proxy} does not accept this user (SOCKS4 reply {reply})',
  'route.socks4.identd.hint':
    'The proxy asks identd for the user: put the user id it expects into the proxy URL, or use socks5://.',
  'route.socks4.unknown': 'The proxy {proxy} gave an unknown reply (SOCKS4 reply {reply})',
  'route.socks4.unknown.hint': 'Check that this port is a SOCKS4 proxy, or write socks5://.',

  'route.lost': 'The connection to {target} through {proxy} was lost before the answer was complete ({code})',
  'route.lost.direct': 'The connection to {target} was lost before the answer was complete ({code})',
  'route.lost.hint': 'The request may have been carried out: check before repeating it.',
  'route.lost.repeatable.hint': 'The request can be repeated without harm.',
  'route.upload-too-large.hint':
    'Send a smaller file, or raise {maxFileBytes; in a configuration of OpenClaw it is |}channels.discord.mediaMaxMb.',
  'route.closed': 'The transport is closed',
  'route.closed.hint': 'close() was called on this transport: create a new one.',
  'route.silent': '{target} did not answer in time',
  'route.silent.hint':
    'The tunnel is up, but the answer does not come. Raise headersTimeout or bodyTimeout for slow endpoints.',
  'route.unread': 'The response of {target} was not read for {waitedMs} ms, so its connection was closed',
  'route.unread.hint':
    'Read the body of every response, or end it with response.body.cancel(): an unread body of more than 64 KiB holds a tunnel.',
  'route.queue': 'No tunnel to {target} became free within {timeoutMs} ms: of {maxTunnels} tunnels, {use}',
  'route.queue.busy.hint':
    'Nothing was sent, so the request can be repeated. Raise maxTunnels if this many slow requests are usual.',
  'route.queue.hint':
    'Check that the proxy is up and how many connections it allows, or raise {connectTimeoutMs|--timeout-ms}.',
} as const
