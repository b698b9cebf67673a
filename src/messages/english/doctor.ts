/** What `diagnose()` and the command `doctor` say of Discord's answers. */
export const DOCTOR = {
  'doctor.title.config': 'configuration',
  'doctor.title.pac': 'PAC script',
  'doctor.title.proxy-dns': 'name of the proxy',
  'doctor.title.proxy-connect': 'TCP to the proxy',
  'doctor.title.proxy-tls': 'TLS to the proxy',
  'doctor.title.proxy-auth': 'authentication',
  'doctor.title.tunnel': 'tunnel to {target}',
  'doctor.title.target-dns': 'name of {host}',
  'doctor.title.target-connect': 'TCP to {target}',
  'doctor.title.target-tls': 'TLS to Discord',
  'doctor.title.rest': 'GET /gateway',
  'doctor.title.gateway': 'gateway to HELLO',
  'doctor.title.cdn': 'GET from the CDN',
  'doctor.title.hosts': "Discord's other hosts",
  'doctor.title.identity': 'GET /users/@me',
  'doctor.title.intents': 'privileged intents',
  'doctor.title.gateway-bot': 'GET /gateway/bot',
  'doctor.title.ready': 'IDENTIFY to READY',
  'doctor.title.send': 'send a message',
  'doctor.title.upload': 'upload a file',
  'doctor.title.download': 'download the file',
  'doctor.title.edit': 'edit the message',
  'doctor.title.delete': 'delete the messages',

  'doctor.skipped.proxy-auth': 'its answer would have come with that to the tunnel request',
  'doctor.skipped.no-start': 'no session start is left today',
  'doctor.skipped.intents': 'Discord would close the connection with 4014',

  'doctor.token.refused': 'Discord does not accept the token ({by})',
  'doctor.token.refused.hint':
    'Copy the token again from the Bot page of the developer portal (a reset makes the old one invalid), without quotes, spaces or "Bot " before it.',
  'doctor.answered': '{what} answered {status}',
  'doctor.rate-limit.hint':
    'Too many requests came from this token, or from the address of the proxy, which other clients may share: wait, or use another proxy.',
  'doctor.unavailable.hint':
    'The route works; the failure is behind it. See discordstatus.com, and try again later.',
  'doctor.refused.hint':
    'The route works, but the server behind it refuses: Discord (or Cloudflare before it) may block the address of this proxy.',
  'doctor.upgrade-removed.hint':
    'The request arrived without its Upgrade header: a proxy that inspects TLS removed it. It must let WebSockets pass, or leave gateway.discord.gg uninspected.',
  'doctor.login-page.hint':
    "A login page answers in Discord's place (a captive portal, or the page of a filter): log in with a browser on this network, or ask the operator of the proxy to let Discord through.",
  'doctor.not-discord': 'The answer of {what} does not come from Discord',
  'doctor.strange-answer.hint':
    'Another server answered in its place, such as a filter: look at the issuer of the certificate (TLS to Discord, above).',
  'doctor.gateway.upgrade': 'gateway.discord.gg, asked for a WebSocket,',
  'doctor.gateway.frame': 'A frame of the gateway connection cannot be read',
  'doctor.gateway.no-hello': 'The first payload of the gateway is not HELLO',
  'doctor.gateway.payload': 'A payload of the gateway cannot be read',
  'doctor.invalid-session': 'Discord answered IDENTIFY with an invalid session',
  'doctor.invalid-session.hint':
    'Another process may have identified within the last five seconds: try again.',
  'doctor.closed.by-discord': 'Discord closed the gateway connection with {said}',
  'doctor.closed.by-discord.hint': 'The route works; the code is the reason that Discord gives.',
  'doctor.closed': 'The gateway connection was closed with {said}',
  'doctor.closed.1006.hint':
    '1006 is a connection that broke without a close frame, here behind the open tunnel: look for an idle limit or a WebSocket filter of the proxy.',
  'doctor.closed.hint':
    'Something on the way may not let WebSockets through: look at what the proxy filters.',
  'doctor.intents.missing':
    'The intents {intents} need {names}, which is not switched on for this application',
  'doctor.intents.missing.hint':
    'Switch on {switches} on the Bot page of the developer portal, or leave the intent out. A bot in 100 servers or more needs an approval by Discord.',
  'doctor.intents.disallowed.hint':
    'A privileged intent is not switched on: see the Bot page of the developer portal (Message Content, Server Members, Presence).',
  'doctor.intents.invalid.hint':
    'A bit of the intents does not exist: add up the values of the intents again.',
  'doctor.upload.size': 'Discord received {bytes} bytes of a file of {expected}',
  'doctor.download.differs': 'The file that {what} sent is not the file that was uploaded',
  'doctor.channel.hint':
    'The bot does not see a channel with this id: check the id, and that the bot is in its server and may view the channel.',
  'doctor.permission.hint':
    'The bot lacks a permission in this channel: it needs Send Messages and Attach Files.',
  'doctor.too-large.hint':
    "The file is above Discord's limit for this server: {set a smaller uploadBytes|give a smaller --upload-bytes}.",
  'doctor.compared.proxy-needed': 'The proxy is needed, and it works: Discord cannot be reached without it.',
  'doctor.compared.proxy-not-needed':
    'The proxy works, but it is not needed: Discord can be reached without it.',
  'doctor.compared.proxy-broken':
    'The proxy is the failure: Discord can be reached without it. Repair it, or remove the setting if the bot may connect directly.',
  'doctor.compared.both-broken':
    'Discord cannot be reached with the proxy or without it: repair the proxy first, since no direct connection can replace it.',

  'doctor.hosts.failed': '{hosts}: {reason}',
  'doctor.detail.hosts': '{hosts} hosts',
  'doctor.source.option': 'the proxy option',
  'doctor.note.overridden': '{name} ({url}) is set too, and loses to {source}.',
  'doctor.note.http-proxy': '{names} is set and never used: every connection to Discord is TLS.',
  'doctor.note.http-proxy-alone':
    '{names} is set and never used: every connection to Discord is TLS. Put the same value into HTTPS_PROXY or OPENCLAW_PROXY_URL.',
  'doctor.note.case-pair':
    '{upper} and {lower} differ: here {upper} comes first, elsewhere it may be {lower}.',
  'doctor.note.bypassed':
    'WITHOUT the proxy: {hosts}, since {reason}. Remove that entry if that is not intended.',
  'doctor.note.unreadable': 'Entries of the bypass list that cannot be read: {entries}.',
  'doctor.note.uncounted':
    '{name} has the entry {entry}, which would match {hosts}, but does not count: {why}.',
  'doctor.note.why-source': 'the proxy comes from {source}',
  'doctor.note.why-option': '{the option noProxy|another bypass list} takes its place',
  'doctor.note.loopback':
    'The proxy {host} is this container itself. For one on the host write host.docker.internal (Docker on Linux: --add-host=host.docker.internal:host-gateway), or run with --network=host.',
  'doctor.note.direct': 'Every connection goes direct: {reason}.',
  'doctor.note.hooks':
    'Other code has replaced hooks of the installation since: {hooks}. What it does with a connection is not known here.',
  'doctor.note.late-preload':
    '{variable} was set after discord-transport/register had looked for a proxy, so the process connects directly: node --env-file=.env --import discord-transport/register bot.js sets it in time.',
  'doctor.note.verification-off':
    'NODE_TLS_REJECT_UNAUTHORIZED=0 is ignored here: certificates are checked all the same. It does switch the check off for all other TLS {in this|of a} process, where every server can read and change what is sent, tokens included. Unset it, and give the authority of an inspecting proxy {as tls.caFile|with --tls-ca-file (option caFile of the library)}.',

  'doctor.fix.scheme': 'The port speaks {names}, and the URL says {written}. Use {value}',
  'doctor.fix.ssh':
    'The port belongs to an SSH server: open a SOCKS port with ssh -D 1080 and use socks5://127.0.0.1:1080.',
  'doctor.fix.web-server':
    'The port belongs to a web server that is no proxy: look for the port of the proxy.',
  'doctor.fix.credentials': 'Use {value} with your own name and password, percent-encoded.',
  'doctor.fix.unknown-issuer': 'an authority that this host does not know',
  'doctor.fix.proxy-ca':
    'The certificate of the proxy is signed by {issuer}. If that is the authority you expect, give its certificate: {proxyTls.caFile (--proxy-ca-file of the command).|--proxy-ca-file FILE}',
  'doctor.fix.tls-ca':
    'TLS is being inspected by {issuer}. If that is your company, give its certificate: {tls.caFile (--tls-ca-file of the command).|--tls-ca-file FILE}',

  'doctor.detail.no-proxy': 'no proxy',
  'doctor.detail.proxy-from': 'proxy from {source}',
  'doctor.detail.certificate': '{subject}, issued by {issuer}, until {validTo}',
  'doctor.detail.accepted': 'accepted',
  'doctor.detail.no-credentials': 'none asked for',
  'doctor.detail.file': '{status}, {bytes} bytes',
  'doctor.detail.bytes': '{bytes} bytes',
  'doctor.detail.bot': 'bot {id}',
  'doctor.detail.none': 'none',
  'doctor.detail.intents': 'privileged intents on: {on}; off: {off}',
  'doctor.detail.one-shard': '1 shard, {remaining} of {total} session starts left',
  'doctor.detail.shards': '{shards} shards, {remaining} of {total} session starts left',
  'doctor.detail.session-ended': 'session ended again',
  'doctor.detail.deleted': 'test messages deleted: {messages}',
} as const
