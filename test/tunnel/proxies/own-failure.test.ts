import { expect, test } from 'vitest'
import { TransportError, type TransportErrorCode, type TransportPhase } from '../../../src/errors.js'
import { allFailed, outageOf } from '../../../src/tunnel/proxies/own-failure.js'

function errorOf(code: TransportErrorCode, phase: TransportPhase): TransportError {
  return new TransportError(code, { code, phase, proxy: 'http://p:1', hint: '', retryable: true })
}

const REFUSED = errorOf('ERR_PROXY_UNREACHABLE', 'proxy-connect')
/** A firewall, or a machine that is off: nobody answers a SYN. */
const SILENT = errorOf('ERR_PROXY_TIMEOUT', 'proxy-connect')
const UNKNOWN = errorOf('ERR_PROXY_UNREACHABLE', 'proxy-dns')
const WITHOUT_ANSWER = errorOf('ERR_PROXY_TIMEOUT', 'tunnel')

test.each([
  ['whose port refuses', [REFUSED], 'all'],
  ['whose host does not answer a SYN', [SILENT], 'all'],
  ['whose name is not found', [UNKNOWN], 'all'],
  ['that takes connections and is silent', [WITHOUT_ANSWER], 'none'],
  ['of which none can be connected to', [REFUSED, SILENT, UNKNOWN], 'all'],
  ['of which one can be connected to', [SILENT, WITHOUT_ANSWER], 'some'],
] as const)('an outage of proxies %s', (_which, failures, outage) => {
  expect(outageOf(allFailed(failures))).toBe(outage)
})
