/** What `validateProxy()`, the egress policy and the commands `validate` and `policy` say. */
export const VALIDATE = {
  'policy.also': 'must be a list of networks, addresses or host names',
  'policy.also.hint': 'Write for example 203.0.113.0/24, fd00:1::/64 or intranet.example.',
  'policy.except': 'must be a list of networks or addresses, each with a port or without one',
  'policy.except.hint': 'Write for example 10.0.0.5/32, 10.0.0.0/24:8443 or [fd00::5/128]:8443.',
  'policy.needs-policy': 'is a part of the policy, which is not tried',
  'policy.needs-policy.hint': 'Ask for the policy as well: policy: true, or --policy.',

  'validate.urls': 'must be an array of http:// or https:// URLs',
  'validate.urls.hint': 'Write for example https://example.com/.',
  'validate.reached': 'the proxy opened a tunnel there',
  'validate.blocked':
    'it is blocked, but not by the rules of the proxy: a packet filter or a missing address family stops the connection, and clients see a failure in place of a refusal',
  'validate.blocked.summary':
    '{blocked} destinations are blocked without a refusal of the proxy: a packet filter or a missing address family stops the connection. Clients of the proxy see a failed connection.',
  'validate.name-unreachable': 'the name leads nowhere at this proxy; the checks of the ranges decide',
  'validate.not-refused': 'the proxy did not refuse',
  'validate.exception': 'exception of the operator',
  'validate.exception.denied': 'the exception is not let through',
  'validate.exception.unreachable':
    'whether the exception is let through cannot be told: nothing answered there',
  'validate.answered': 'answered {status}, where a 2xx is expected',
  'validate.broke-off': 'its answer broke off: {reason}',
  'validate.denied-reached': 'was reached {way}: it answered {status}',
  'validate.denied-ambiguous':
    "inconclusive: {status} {way} may be its own answer or the proxy's; an https:// URL can tell",
  'validate.inconclusive': 'inconclusive: {reason}',
  'validate.canary.token': 'the loopback canary was reached {way}: its token came back',
  'validate.canary.success': 'a 2xx came back {way} for the loopback canary',
  'validate.canary.asked': 'the loopback canary was reached {way}',
  'validate.canary.no-proof':
    'inconclusive: the proxy did not refuse the loopback canary, and no allowed destination works through it, so it may be down ({reason})',
  'validate.refused-with': 'refused with {status}',
  'validate.way.connect': 'by CONNECT',
  'validate.way.plain': 'by a plain request',
  'validate.expected.allowed': 'let through',
  'validate.expected.denied': 'refuse',
  'validate.expected.canary': 'refuse (loopback canary)',
  'validate.no-proxy': 'no usable proxy',
  'validate.done': '{checks} checks done',
  'validate.passed': 'PASSED',
  'validate.failed': 'FAILED',
  'validate.checks': '{checks} checks',
  'validate.failed-checks': '{failed} of {checks} checks',
  'validate.blocked.short': 'blocked, not refused',
  'validate.no-answer': 'no answer within {timeoutMs} ms',
} as const
