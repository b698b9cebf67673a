import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { LabScheme } from '../lab/proxy/index.js'
import { startLab, type Lab, type LabOptions } from '../support/lab.js'
import { blocksOf, readPages } from './code-blocks.js'
import { hasProgram } from './installed.js'
import { temporaryFolder } from './temporary-folder.js'

const page = (await readPages()).find(({ path }) => path === 'docs/guides/curl.md')
const blocks = blocksOf({ text: page?.text ?? '' })
const lines = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ code }) => code.split('\n'))
  .filter((line) => line.startsWith('curl '))
const asking = lines.filter((line) => line.includes('https://discord.com/'))
const refused = lines.filter((line) => !asking.includes(line))

/** The proxy that a line is for. */
function labOf(line: string): LabOptions {
  const auth = line.includes('--proxy-user') ? { auth: { username: 'user', password: 'password' } } : {}
  const schemes: readonly [RegExp, LabScheme][] = [
    [/socks5/, 'socks5'],
    [/socks4a/, 'socks4a'],
    [/https:\/\/proxy/, 'https'],
  ]
  const scheme = schemes.find(([pattern]) => pattern.test(line))?.[1] ?? 'http'
  return { scheme, ...auth }
}

/** Runs a line of the page at the proxy of a lab, which it finds by its authority. */
async function curl(line: string, lab: Lab): Promise<{ code: number; output: string }> {
  const ca = join(await temporaryFolder(), 'ca.pem')
  await writeFile(ca, lab.discord.ca)
  const [, ...args] = line
    .replace(/(?:127\.0\.0\.1|proxy\.example|10\.0\.0\.1):(?!80\/)\d+/, `127.0.0.1:${lab.proxy.port}`)
    .split(' ')
  const trusting = ['--silent', '--show-error', '--cacert', ca, '--proxy-cacert', ca]
  return new Promise((resolve) => {
    const env = { PATH: process.env['PATH'] }
    execFile('curl', [...trusting, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    )
  })
}

describe.skipIf(!hasProgram('curl'))('the lines of docs/guides/curl.md', () => {
  test.each(asking)('%s answers with the JSON of the page', async (line) => {
    const lab = await startLab(labOf(line))
    const { code, output } = await curl(line, lab)
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(JSON.parse(output)).toEqual(JSON.parse(blocks[0]?.code ?? ''))
    expect(lab.proxy.established).toHaveLength(1)
  })

  test('--socks5 in place of --socks5-hostname does not hand the name to the proxy', async () => {
    const lab = await startLab({ scheme: 'socks5' })
    const line = asking.find((one) => one.includes('--socks5-hostname')) ?? ''
    const { code } = await curl(line.replace('--socks5-hostname', '--socks5'), lab)
    expect(code).toBe(1)
    expect(lab.proxy.established).toHaveLength(0)
  })

  test.each(refused)('%s shows the 403 of a proxy', async (line) => {
    const lab = await startLab({ fault: { kind: 'status', status: 403 } })
    expect((await curl(line, lab)).output).toContain('HTTP/1.1 403')
  })
})
