import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseOptions } from '../../src/config/index.js'
import { runCommand } from '../cli/in-process.js'
import { blocksOf, readChinesePages, readPages, type Page } from './code-blocks.js'

const ROOT = join(import.meta.dirname, '../..')
const pages = await readPages()
const everyPage = [...pages, ...(await readChinesePages())]

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** The first and second cells of every row of a page's tables. */
function rowsOf(path: string): readonly (readonly [string, string])[] {
  return [...read(path).matchAll(/^\| +(.*?) +\| +(.*?) +\|/gm)].map(([, one = '', two = '']) => [one, two])
}

/** What a reader would get from a table's cell: `10 000` is a number, `'env'` a text. */
function valueOf(cell: string): unknown {
  const bare = cell.replaceAll('`', '')
  if (/^\d[\d ]*$/.test(bare)) return Number(bare.replaceAll(' ', ''))
  if (bare === 'true' || bare === 'false') return bare === 'true'
  return /^'(.*)'$/.exec(bare)?.[1]
}

describe('the blocks of the pages', () => {
  /** Programs have docs.programs.ts, configurations of proxies test/real/documented.real.ts. */
  const LANGUAGES = ['', 'cjs', 'ini', 'js', 'json', 'sh', 'squid', 'ts', 'yaml']

  test.each(pages)('$path: each can be found by a test, and says what it is', (page) => {
    const blocks = blocksOf(page)
    expect(page.text.match(/^[ \t>]*(?:```|~~~)/gm) ?? []).toHaveLength(2 * blocks.length)
    for (const { language } of blocks) expect(LANGUAGES).toContain(language)
  })

  test('JSON is JSON', () => {
    const blocks = pages.flatMap(blocksOf).filter(({ language }) => language === 'json')
    expect(blocks.length).toBeGreaterThan(0)
    for (const { code } of blocks) expect(() => JSON.parse(code) as unknown).not.toThrow()
  })
})

describe('the commands of the pages', () => {
  const { scripts } = JSON.parse(read('package.json')) as {
    readonly scripts: Readonly<Record<string, string>>
  }
  const blocks = pages.flatMap((page) => blocksOf(page).filter(({ language }) => language === 'sh'))
  const lines = blocks.flatMap(({ code }) => code.split('\n')).filter((line) => line.trim() !== '')
  const withoutComments = lines.map((line) => line.replace(/\s+#\s.*$/, ''))
  const assigned = /^(?:export )?([A-Z][A-Z0-9_]*)=("[^"]*"|\S*)\s*/

  /** One command each, without the variables before it. */
  const commands = withoutComments
    .map((line) => line.replace(assigned, ''))
    .flatMap((line) => line.split(/&&|\|/))
    .map((text) => text.trim())
    .filter((text) => text !== '')

  test('the pages have more than ten commands', () => {
    expect(commands.length).toBeGreaterThan(10)
  })

  /** What starts the command in its own place, and what only shows or changes the system. */
  const STARTERS = ['docker', 'kubectl', 'sudo', 'systemd-run']
  const OTHERS = ['curl', 'journalctl', 'loginctl', 'nft', 'node', 'pm2', 'systemctl']

  test.each([...new Set(commands)])('%s can be typed here', async (line) => {
    const started = STARTERS.includes(line.split(' ', 1)[0] ?? '')
    const text = started ? line.replace(/^.*?(?=discord-transport |\/dist\/cli\.js )/, '') : line
    const [program = '', ...args] = text
      .replace(/^npx /, '')
      .replace(/ > \S+$/, '')
      .split(/\s+/)
    switch (program) {
      case 'npm': {
        const [verb = '', name = ''] = args
        if (verb === 'run') expect(Object.keys(scripts)).toContain(name)
        else expect(['ci', 'test', 'install discord-transport']).toContain(args.join(' '))
        return
      }
      case 'node':
      case 'bun':
        expect(args).toContain('discord-transport/register')
        return
      case 'tsx':
        expect(existsSync(join(ROOT, args[0] ?? ''))).toBe(true)
        return
      case '/dist/cli.js':
      case 'discord-transport': {
        const [name = '', ...options] = args
        const { code, stdout } = await runCommand([name, '--help'])
        expect(code).toBe(0)
        expect(stdout).toContain(`discord-transport ${name}`)
        for (const option of options.filter((one) => one.startsWith('--'))) expect(stdout).toContain(option)
        return
      }
      default:
        if (OTHERS.includes(program) || text.startsWith('sudo cat ')) return
        throw new Error(`this test does not know the program ${program}`)
    }
  })

  test('every variable that the commands set is read by the sources or an example', () => {
    const names = withoutComments.flatMap((line) => assigned.exec(line)?.[1] ?? [])
    expect(names).toContain('HTTPS_PROXY')
    const readers = [
      'src/config/variables.ts',
      'examples/carbon-bot.ts',
      'examples/discordjs-rest.ts',
      'examples/demo/main.ts',
    ]
    const code = readers.map(read).join('\n')
    for (const name of new Set(names)) expect(code).toContain(`'${name}'`)
  })
})

describe('the links of the pages', () => {
  /** As GitHub makes them. */
  function anchorsOf({ text }: Page): readonly string[] {
    return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    )
  }

  test.each(everyPage)('$path: each leads to a file, and to a heading of it', (page) => {
    for (const [, target = ''] of page.text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (target.startsWith('https://')) continue
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page.path : join(page.path, '..', path)
      expect(existsSync(join(ROOT, file)), target).toBe(true)
      if (anchor !== undefined) expect(anchorsOf({ path: file, text: read(file) }), target).toContain(anchor)
    }
  })

  test('every relative link of the pages leads to a file of the tarball', () => {
    const { files } = JSON.parse(read('package.json')) as { readonly files: readonly string[] }
    const packed = [...files, 'README.md', 'README.zh-CN.md', 'LICENSE', 'package.json']
    for (const page of everyPage)
      for (const [, target = ''] of page.text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
        if (target.startsWith('https://')) continue
        const file = join(page.path, '..', target).replaceAll('\\', '/')
        const found = packed.some((entry) => file === entry || file.startsWith(`${entry}/`))
        expect(found, `${page.path}: ${target}`).toBe(true)
      }
  })

  test('README.md leads to docs/index.md, and that to every other page', () => {
    expect(read('README.md')).toContain('(docs/index.md)')
    const text = read('docs/index.md')
    for (const { path } of pages.filter((one) => one.path.startsWith('docs/')))
      if (path !== 'docs/index.md') expect(text).toContain(`(${path.slice('docs/'.length)}`)
  })

  test('no page is longer than 250 lines', () => {
    for (const { path, text } of everyPage) expect(text.split('\n').length - 1, path).toBeLessThanOrEqual(250)
  })
})

describe('the tables of the pages', () => {
  test('configuration.md has every option, and the defaults of the code', () => {
    const options: object = parseOptions({})
    const rows = new Map(rowsOf('docs/configuration.md'))
    // Kept where no inspection finds them.
    const names = [...Object.keys(options), 'env', 'proxyAuthorization']
    // No option: it says where the proxy came from.
    for (const name of names.filter((one) => one !== 'proxySource')) {
      const cell = rows.get(`\`${name}\``)
      expect(cell, name).toBeDefined()
      const value = valueOf(cell ?? '')
      const inCode: unknown = Reflect.get(options, name)
      if (value !== undefined) expect({ [name]: value }).toEqual({ [name]: inCode })
    }
    for (const name of ['connectTimeoutMs', 'keepAliveMs', 'maxTunnels', 'keepWarm', 'dns', 'required'])
      expect(valueOf(rows.get(`\`${name}\``) ?? ''), name).toBeDefined()
  })

  test('api.md has every member of the transport and every event', () => {
    const face =
      /^export interface DiscordTransport .*?^}/ms.exec(read('src/discord-transport.ts'))?.[0] ?? ''
    const members = [...face.matchAll(/^  (?:readonly )?(\w+)[<(:]/gm)].map(([, name = '']) => name)
    expect(members).toContain('setProxy')
    const rows = rowsOf('docs/api.md').map(([cell]) => /^`([\w-]+)/.exec(cell)?.[1])
    const events = [...read('src/config/events.ts').matchAll(/^  readonly type: '(.*)'/gm)].map(
      ([, type]) => type,
    )
    expect(events).toHaveLength(10)
    for (const name of [...members, ...events]) expect(rows, name).toContain(name)
  })

  test('delivery.md has every limit, and the defaults of the code', () => {
    const { delivery } = parseOptions({})
    const limits = rowsOf('docs/delivery.md')
      .filter(([names]) => /^`\w+`(?:, `\w+`)*$/.test(names))
      .flatMap(([names, values]) => {
        const defaults = values.split(', ')
        return names.split(', ').map((name, at) => [name.replaceAll('`', ''), valueOf(defaults[at] ?? '')])
      })
    expect(Object.fromEntries(limits)).toEqual(delivery)
  })

  test('errors.md has every code and every phase, and no other', () => {
    const source = read('src/errors.ts')
    const declared = (type: string): readonly string[] => {
      const [, body = ''] = new RegExp(`export type ${type} =\\n((?:  \\| '.*'\\n)+)`).exec(source) ?? []
      return [...body.matchAll(/'(.*)'/g)].map(([, name = '']) => name)
    }
    const rows = rowsOf('docs/errors.md')
    const codes = rows.flatMap(([cell]) => /^`(ERR_\w+)`$/.exec(cell)?.[1] ?? [])
    expect(codes).toEqual(declared('TransportErrorCode'))
    const phases = rows.find(([cell]) => cell === '`phase`')?.[1] ?? ''
    expect([...phases.matchAll(/`(.*?)`/g)].map(([, name]) => name)).toEqual(declared('TransportPhase'))
  })
})
