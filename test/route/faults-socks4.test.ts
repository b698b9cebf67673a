import { describeFaults, type Expected } from '../support/fault-table.js'

const expected: Readonly<Record<string, Expected>> = {
  'silence on accept': 'ERR_PROXY_TIMEOUT tunnel',
  'silence after the request': 'ERR_PROXY_TIMEOUT tunnel',
  'close on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'close after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'reset on accept': ['ERR_PROXY_UNREACHABLE proxy-connect', 'ERR_PROXY_UNREACHABLE tunnel'],
  'reset after the request': 'ERR_PROXY_UNREACHABLE tunnel',
  'garbage on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'garbage after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'drip on accept': 'ERR_PROXY_TIMEOUT tunnel',
  'drip after the request': 'ERR_PROXY_TIMEOUT tunnel',
  'endless on accept': 'ERR_PROXY_PROTOCOL tunnel',
  'endless after the request': 'ERR_PROXY_PROTOCOL tunnel',
  'answers in single bytes': 'works',
  'bytes behind the answer': 'ERR_PROXY_PROTOCOL tunnel',
  'version 5 in the reply': 'ERR_PROXY_PROTOCOL tunnel',
  'reply 0x5b': 'ERR_PROXY_DENIED tunnel',
  'reply 0x5c': 'ERR_PROXY_AUTH proxy-auth',
  'reply 0x5d': 'ERR_PROXY_AUTH proxy-auth',
  'reply 0x42': 'ERR_PROXY_PROTOCOL tunnel',
  'a reset before the first byte': 'ERR_TARGET_TLS target-tls',
  'a reset after 100 bytes': 'ERR_TARGET_TLS target-tls',
  'a close after 100 bytes': 'ERR_TARGET_TLS target-tls',
  'a target without TLS': 'ERR_TARGET_TLS target-tls',
  'a silent tunnel': 'ERR_TARGET_TIMEOUT target-tls',
}

describeFaults('socks4', expected)
describeFaults('socks4a', expected)
