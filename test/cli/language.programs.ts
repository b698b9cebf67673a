import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { startLab } from '../support/lab.js'
import { builtCommand } from './command.js'
import { runCommand } from './in-process.js'
import { writeTemporary } from '../support/temporary-file.js'

const command = builtCommand()

const ENGLISH = 'FAILED at TCP to the proxy'
const CHINESE = '失败于 到代理的 TCP 连接'

/** A proxy that is not there: the shortest report. */
const HTTPS_PROXY = 'http://127.0.0.1:1'

async function doctor(env: Readonly<Record<string, string>>, ...args: string[]) {
  return runCommand(['doctor', ...args], { env: { HTTPS_PROXY, ...env } })
}

describe('the language of doctor', () => {
  test.each([
    ['no setting', {}, [], ENGLISH],
    ['LANG', { LANG: 'zh_CN.UTF-8' }, [], CHINESE],
    ['LC_MESSAGES before LANG', { LC_MESSAGES: 'zh_CN', LANG: 'de_DE.UTF-8' }, [], CHINESE],
    ['LC_ALL before LC_MESSAGES', { LC_ALL: 'C', LC_MESSAGES: 'zh_CN' }, [], ENGLISH],
    ['an empty LC_ALL, which is unset', { LC_ALL: '', LANG: 'zh_CN' }, [], CHINESE],
    ['--lang before every variable', { LC_ALL: 'en_US.UTF-8' }, ['--lang', 'zh-CN'], CHINESE],
    ['--lang en in a Chinese environment', { LC_ALL: 'zh_CN.UTF-8' }, ['--lang', 'en'], ENGLISH],
  ])('%s', async (_title, env, args, words) => {
    const { stdout } = await doctor(env, ...args)
    expect(stdout).toContain(words)
    expect(stdout).toContain('ERR_PROXY_UNREACHABLE')
  })

  test('another language is a wrong usage of --lang', async () => {
    const { code, stderr } = await doctor({}, '--lang', 'fr')
    expect(code).toBe(2)
    expect(stderr).toContain('--lang: expected en or zh-CN')
  })

  test('JSON is the same in every language', async () => {
    const { stdout } = await doctor({ LC_ALL: 'zh_CN.UTF-8' }, '--json')
    expect(stdout).not.toMatch(/[\u4e00-\u9fff]/)
  })
})

describe('the other commands in Chinese', () => {
  test.each([
    ['validate', ['validate', '--timeout-ms', '500'], '未通过: 3 项检查中有 3 项失败'],
    ['explain --scope', ['explain', '--scope', 'discord', 'https://example.com/'], '直连：它在范围之外'],
    ['env', ['env', '--format', 'shell'], '# shell：写在 ~/.profile 末尾'],
    ['policy', ['policy', '--also', '/'], '--also: 必须是网段、地址或主机名的列表'],
    ['a wrong value of a flag', ['env', '--unit', '/'], '错误： --unit：应为 systemd 单元的名字'],
    [
      'an unusable proxy',
      ['explain', '--proxy-url', 'vmess://x', 'https://discord.com/'],
      '不支持协议 vmess://',
    ],
    ['OpenClaw', ['validate', '--openclaw', '/no/openclaw.json'], '文件不存在'],
    ['openclaw', ['openclaw', 'call', 'x', '[]'], '参数应为 JSON 对象'],
  ])('%s', async (_title, args, words) => {
    const { stdout, stderr } = await runCommand(args, { env: { HTTPS_PROXY, LANG: 'zh_CN.UTF-8' } })
    expect(stdout + stderr).toContain(words)
  })

  test('explain, as the command is published', async () => {
    const env = { HTTPS_PROXY, LANG: 'zh_CN.UTF-8' }
    const { stdout } = await command.run(['explain', 'https://discord.com/'], { env })
    expect(stdout).toContain('经过代理 http://127.0.0.1:1：设置了 HTTPS_PROXY')
  })

  test.each([
    ['validate', '--timeout-ms', '500'],
    ['explain', 'https://discord.com/'],
    ['validate', '--openclaw', '--timeout-ms', '500'],
  ])('JSON of %s stays English', async (...args) => {
    const env = { HTTPS_PROXY, LANG: 'zh_CN.UTF-8' }
    const { stdout, stderr } = await runCommand([...args, '--json'], { env })
    expect(stdout + stderr).not.toMatch(/[\u4e00-\u9fff]/)
  })

  test('what policy prints is a file for a program, and the same in every language', async () => {
    const args = ['policy', '--also', '203.0.114.0/24', '--format']
    const env = { LANG: 'zh_CN.UTF-8' }
    for (const format of ['squid', 'json']) {
      const { stdout } = await runCommand([...args, format], { env })
      expect(stdout).toContain('added by the operator')
    }
  })
})

describe('doctor --html', () => {
  test('writes a page without a secret, in the language that is asked for', async () => {
    const lab = await startLab({ auth: { username: 'bot', password: 'hunter2' } })
    const file = join(await writeTemporary('report.html', ''), '..', 'report.html')
    const ca = await writeTemporary('ca.pem', lab.discord.ca)
    const args = ['--tls-ca-file', ca, '--html', file, '--lang', 'zh-CN']
    const { code, stdout, stderr } = await doctor({ HTTPS_PROXY: lab.proxy.url }, ...args)
    const page = await readFile(file, 'utf8')
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining(file) as string })
    expect(stdout).toContain('一切正常')
    expect(page).toContain('<html lang="zh-CN">')
    expect(page).toContain('一切正常')
    expect(page).toContain('http://***:***@127.0.0.1')
    expect(page).not.toContain('hunter2')
    expect(page).not.toMatch(/(?:src|href|url\()=?["']?http/)
  })

  test('a value of the report cannot become an element of the page', async () => {
    const file = await writeTemporary('report.html', '')
    await doctor({ NO_PROXY: '<img src=x onerror=alert(1)>,discord.com' }, '--html', file)
    expect(await readFile(file, 'utf8')).not.toContain('<img')
  })

  test.each([
    [['--html', '/no/such/folder/report.html'], '--html: the file cannot be written (ENOENT)'],
    [['--html', 'report.html', '--json'], "'--html <file>' cannot be used with option '--json'"],
  ])('%j is a wrong usage', async (args, words) => {
    const { code, stderr } = await doctor({}, ...args)
    expect(code).toBe(2)
    expect(stderr).toContain(words)
  })
})
