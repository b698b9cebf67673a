import { expect, test } from 'vitest'
import { redactCrash } from '../../src/cli/crash.js'

const ENV = {
  HTTPS_PROXY: 'http://alice:s3cr%40t-word@proxy.example:3128',
  PATH: '/usr/bin',
  BOT: 'tok.en-of-a-bot',
}

test.each([
  ['a URL as it was given', 'failed for http://alice:s3cr%40t-word@proxy.example:3128', 's3cr'],
  ['a password that was decoded', 'failed with s3cr@t-word', 's3cr@t'],
  [
    'a header',
    `Proxy-Authorization: Basic ${Buffer.from('alice:s3cr@t-word').toString('base64')}`,
    'YWxpY2U6',
  ],
  ['a URL from elsewhere', 'see socks5://bob:hunter2@10.0.0.1:1080', 'hunter2'],
  ['a token from elsewhere', 'MTIzNDU2Nzg5MDEyMzQ1Njc4.GlAbT0.abcdefghijklmnopqrstuvwxyz', 'GlAbT0'],
  ['the variable that an argument names', 'Bot tok.en-of-a-bot', 'tok.en-of-a-bot'],
  ['an argument', 'while looking at hunter2-in-argv', 'hunter2-in-argv'],
])('%s is masked', (_title, text, secret) => {
  const argv = ['node', 'cli.js', 'doctor', '--token-env', 'BOT', '--proxy-url=hunter2-in-argv']
  const shown = redactCrash(text, { env: ENV, argv })
  expect(shown).not.toContain(secret)
  expect(shown).toContain('***')
})

test('a secret that begins with another one is masked as a whole', () => {
  const env = { TOKEN: 'abcdefgh', TOKEN_2: 'abcdefgh-ijkl', TOKEN_3: 'mn-abcdefgh' }
  const shown = redactCrash('failed with abcdefgh-ijkl, abcdefgh and mn-abcdefgh', { env, argv: [] })
  expect(shown).toBe('failed with ***, *** and ***')
})

test('what is no secret stays readable', () => {
  const text = 'TypeError: x is not a function\n    at doctor (/usr/bin/cli.js:1:1)'
  expect(redactCrash(text, { env: ENV, argv: ['node', 'cli.js', 'doctor'] })).toBe(text)
})
