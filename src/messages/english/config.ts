/** What is wrong with a proxy URL, a certificate file or a variable, and why a connection takes its way. */
export const CONFIG = {
  'config.reason.set': '{source} is set',
  'config.reason.none': 'no proxy is configured',
  'config.reason.bypass': '{list} entry {entry} matches',

  'config.no-proxy': 'no proxy was found; looked at the proxy option, {variables}',
  'config.no-proxy.hint': 'Set one of them, or leave required out to allow a direct connection.',

  'config.empty': 'must not be empty',
  'config.empty.hint': 'Leave it out, or write scheme://host:port.',
  'config.control': 'must not hold control characters',
  'config.control.hint': 'Look for a line break inside the URL.',
  'config.quotes': 'must not stand in quotes',
  'config.quotes.hint':
    'Remove the quotes around the URL, also typographic ones (\u201c\u201d) that were copied from a web page.',
  'config.path': 'a path, query or fragment is not part of a proxy URL',
  'config.path.hint': 'End the URL after the port.',
  'config.encode.hint':
    'In a user name or password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and \\ as %5C (encodeURIComponent does it).',
  'config.unencoded': 'the part before the last @ must be percent-encoded',
  'config.backslash': 'must not hold a backslash',
  'config.vendor': 'must have the form scheme://user:password@host:port',
  'config.vendor.hint':
    'A list entry host:port:user:password has to be turned round, and an IPv6 address needs brackets.',

  'config.unknown-scheme': 'the scheme is not supported (use one of {supported})',
  'config.foreign-scheme': 'the scheme {protocol}:// is not supported (use one of {supported})',
  'config.half-scheme': 'after the scheme {protocol} must come ://',
  'config.half-scheme.hint': 'Write {protocol}://host:port.',
  'config.no-scheme': 'the scheme is missing before ://',
  'config.no-scheme.hint':
    'Write scheme://host:port, for example http://127.0.0.1:8080 or socks5://127.0.0.1:1080.',
  'config.scheme.ws.hint':
    'A proxy for WebSockets is reached over http:// or https:// too: write that scheme.',
  'config.scheme.ftp.hint': 'An FTP proxy cannot carry Discord: use an HTTP or SOCKS proxy.',
  'config.scheme.ssh.hint': 'Open a SOCKS port with ssh -D 1080 and use socks5://127.0.0.1:1080.',
  'config.scheme.pac.hint': 'Write pac+http://, pac+https://, pac+file:/// or pac+data: for a PAC script.',
  'config.scheme.file.hint': 'Write pac+file:///path/to/proxy.pac for a PAC script.',
  'config.scheme.node.hint':
    'Point at the local HTTP or SOCKS port of your client, for example socks5://127.0.0.1:1080.',

  'config.no-host': 'the host is missing',
  'config.no-host.hint': 'Write scheme://host:port, for example http://127.0.0.1:8080.',
  'config.port-alone': 'the host is missing: a number alone is a port',
  'config.port-alone.hint': 'Write http://127.0.0.1:7890.',
  'config.host': 'the host must be a valid host name or IP address',
  'config.host.hint': 'Write scheme://host:port, for example http://proxy.example.com:8080.',
  'config.port': 'the port must be a whole number from 1 to 65535',
  'config.ipv6': 'must hold a valid IPv6 address',
  'config.ipv6-brackets': 'the IPv6 address must stand in brackets',
  'config.ipv6.hint': 'Write http://[::1]:8080.',
  'config.zone': 'an IPv6 address must not have a zone id',
  'config.zone.hint': 'Give the proxy by a name, or by an address that needs no %interface.',

  'config.socks4-password': 'SOCKS4 has a user id and no password',
  'config.socks4-password.hint': 'Use socks5:// if the proxy wants a password, or leave it out.',
  'config.socks5-name': 'SOCKS5 carries a password with a user name only',
  'config.socks5-name.hint': 'Write socks5://user:password@host:1080 (RFC 1929 §2).',
  'config.socks5-length': 'a SOCKS5 user name or password has at most 255 bytes',
  'config.socks5-length.hint': 'The limit is that of the protocol (RFC 1929 §2); an HTTP proxy has none.',
  'config.escape': 'the user name or password holds a malformed percent escape',
  'config.credentials-control': 'the user name or password must not hold control characters',
  'config.credentials-control.hint': 'Look for a line break or a NUL, perhaps written as %0A, %0D or %00.',

  'config.pac-file': 'pac+file needs the absolute path of a file',
  'config.pac-file.hint': 'Write pac+file:///etc/proxy.pac, with %, ? and # in the path percent-encoded.',
  'config.pac-data': 'pac+data needs a media type, a comma and the script',
  'config.pac-data.hint':
    'Write pac+data:application/x-ns-proxy-autoconfig;base64, and the script in base64.',

  'config.pem': 'must hold a certificate in PEM format',
  'config.certificate': 'holds a certificate that cannot be read',
  'config.pem.hint':
    'node:tls takes PEM only. Turn DER into PEM with: openssl x509 -inform der -in FILE -out FILE.pem',
  'config.not-file': 'must be a regular file',
  'config.not-file.hint': 'It is a directory or a device.',
  'config.unreadable': 'the file cannot be read ({code})',
  'config.unreadable.hint':
    'Check the path, which is relative to the working directory, and its permissions.',

  'config.at-least': 'of {least} or more',
  'config.between': 'from {least} to {most}',
  'config.whole-number': 'must be a whole number {range}',
  'config.whole-number.milliseconds': 'must be a whole number of milliseconds {range}',
  'config.whole-number.bytes': 'must be a whole number of bytes {range}',
  'config.one-of': 'must be {values} or {last}',
  'config.switch': 'must be true or false (1 or 0)',
  'config.pem-path': 'must be the path of a PEM file',
  'config.register.hint': 'docs/process.md lists the variables of discord-transport/register.',
  'config.log': 'must be info or debug',
  'config.log.hint': 'Leave it out for no log.',
} as const
