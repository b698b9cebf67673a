/** What the pages show for programs that a test machine cannot start: checked by their own tools and schemas. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type * as Parser from '@actions/workflow-parser'
import { build } from 'esbuild'
import { Deployment } from 'kubernetes-models/apps/v1/Deployment'
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy'
import { Secret } from 'kubernetes-models/v1/Secret'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { runCommand } from '../cli/in-process.js'
import { blocksOf, readPages } from './code-blocks.js'
import { hasProgram } from './installed.js'
import { temporaryFolder } from './temporary-folder.js'

const run = promisify(execFile)
const pages = new Map((await readPages()).map((page) => [page.path, page]))

/** The blocks of one language of a guide. */
function blocks(guide: string, language: string): readonly string[] {
  const page = pages.get(`docs/guides/${guide}.md`)
  const found = blocksOf({ text: page?.text ?? '' }).filter((block) => block.language === language)
  return found.map(({ code }) => code)
}

describe.skipIf(!hasProgram('docker-compose'))('docker-compose config', () => {
  async function check(file: string): Promise<void> {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'compose.yaml'), file)
    const env = { PATH: process.env['PATH'], DISCORD_BOT_TOKEN: 'token' }
    await run('docker-compose', ['-f', join(folder, 'compose.yaml'), 'config', '--quiet'], { env })
  }

  test('takes the files of docker.md', { timeout: 60_000 }, async () => {
    const files = blocks('docker', 'yaml')
    expect(files).toHaveLength(2)
    for (const file of files) await check(file)
  })

  test('takes the file of fleet.md', { timeout: 60_000 }, async () => {
    const [file = ''] = blocksOf({ text: pages.get('docs/fleet.md')?.text ?? '' })
      .filter(({ language }) => language === 'yaml')
      .map(({ code }) => code)
    await check(file)
  })

  test('refuses a field that does not exist', { timeout: 60_000 }, async () => {
    const wrong = (blocks('docker', 'yaml')[0] ?? '').replace('working_dir', 'workingDirectory')
    await expect(check(wrong)).rejects.toThrow('workingDirectory')
  })
})

describe('the schemas of Kubernetes', () => {
  const models = { Secret, Deployment, NetworkPolicy }
  const objects = blocks('kubernetes', 'yaml').flatMap((text) =>
    parseAllDocuments(text).map((document) => document.toJS() as { kind: keyof typeof models }),
  )

  test('take the objects of kubernetes.md', () => {
    expect(objects.map(({ kind }) => kind)).toEqual(['Secret', 'Deployment', 'NetworkPolicy'])
    for (const object of objects) new models[object.kind](object as never).validate()
  })

  test('refuse a value of the wrong type', () => {
    const wrong = structuredClone(objects[1]) as unknown as { spec: Record<string, unknown> }
    wrong.spec['replicas'] = 'one'
    expect(() => new Deployment(wrong as never).validate()).toThrow()
  })
})

describe('the parser of GitHub Actions', () => {
  let parser: typeof Parser

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'discord-transport-docs-'))
    const outfile = join(folder, 'parser.mjs')
    // The package imports JSON without an attribute, which Node refuses.
    const entryPoints = [fileURLToPath(import.meta.resolve('@actions/workflow-parser'))]
    await build({ entryPoints, outfile, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' })
    parser = (await import(pathToFileURL(outfile).href)) as typeof Parser
    return () => rm(folder, { recursive: true })
  })

  function errorsOf(content: string): readonly string[] {
    const file = { name: 'workflow.yaml', content }
    const { context } = parser.parseWorkflow(file, new parser.NoOperationTraceWriter())
    return context.errors.getErrors().map(({ message }) => message)
  }

  test('takes the workflows of github-actions.md', () => {
    const workflows = blocks('github-actions', 'yaml')
    expect(workflows).toHaveLength(2)
    for (const workflow of workflows) expect(errorsOf(workflow)).toEqual([])
  })

  test('refuses a key that does not exist', () => {
    const [workflow = ''] = blocks('github-actions', 'yaml')
    expect(errorsOf(workflow.replace('runs-on', 'runs-at'))).not.toEqual([])
  })
})

describe.skipIf(!hasProgram('systemd-analyze'))('systemd-analyze verify', () => {
  const [system = '', user = ''] = blocks('systemd', 'ini')

  /** What it complains about. The program and the user of the unit are made to exist. */
  async function verify(unit: string, ...options: string[]): Promise<string> {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'run'))
    const file = join(folder, 'discord-bot.service')
    await writeFile(
      file,
      unit
        .replace('/usr/bin/node', process.execPath)
        .replace('User=bot', 'User=root')
        .replace(/ mihomo\.service/, ''),
    )
    const env = { PATH: process.env['PATH'], HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') }
    const { stdout, stderr } = await run(
      'systemd-analyze',
      [...options, '--man=no', '--recursive-errors=no', 'verify', file],
      { env },
    ).catch((error: unknown) => error as { stdout: string; stderr: string })
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('discord-bot.service'))
      .join('\n')
  }

  test('takes the system unit and the user unit of systemd.md', { timeout: 60_000 }, async () => {
    expect(system).toContain('WantedBy=multi-user.target')
    expect(user).toContain('WantedBy=default.target')
    expect(await verify(system)).toBe('')
    expect(await verify(user, '--user')).toBe('')
  })

  test('refuses a key that does not exist', { timeout: 60_000 }, async () => {
    expect(await verify(system.replace('RestartSec', 'RestartSeconds'))).toContain('RestartSeconds')
  })
})

describe.skipIf(!hasProgram('squid'))('squid -k parse', () => {
  async function parse(file: string): Promise<string> {
    const folder = await temporaryFolder()
    const policy = join(folder, 'egress.conf')
    await writeFile(policy, (await runCommand(['policy', '--format', 'squid'])).stdout)
    const path = join(folder, 'squid.conf')
    const settings = { '/etc/squid/conf.d/00-egress.conf': policy, '/var/log/squid': folder }
    await writeFile(
      path,
      Object.entries(settings).reduce((text, [from, to]) => text.replace(from, to), file),
    )
    const { stderr } = await run('squid', ['-k', 'parse', '-f', path]).catch(
      (error: unknown) => error as { stderr: string },
    )
    return stderr
      .split('\n')
      .filter((line) => /ERROR|FATAL|WARNING/.test(line))
      .join('\n')
  }

  test("takes the operator's file with the rules of policy", { timeout: 60_000 }, async () => {
    const [file = ''] = blocks('operator-checklist', 'squid')
    expect(file).toContain('http_port 10.0.0.1:3128')
    expect(await parse(file)).toBe('')
    expect(await parse(file.replace('annotate_transaction', 'annotate_everything'))).not.toBe('')
  })
})

describe('the configurations of proxy clients', () => {
  test('clash.md has the fields and values that the schema of mihomo knows', () => {
    const port = z.number().int().min(1).max(65_535)
    const schema = z.strictObject({
      'mixed-port': port,
      'allow-lan': z.boolean(),
      'bind-address': z.union([z.literal('*'), z.ipv4()]),
      mode: z.enum(['global', 'rule', 'direct']),
      rules: z.array(z.string().regex(/^(?:DOMAIN-SUFFIX,[\w.]+,[\w-]+|MATCH,[\w-]+)$/)),
    })
    const [config = ''] = blocks('clash', 'yaml')
    schema.parse(parse(config))
  })

  test.skipIf(!hasProgram('v2ray'))('V2Ray takes that of v2rayn.md', async () => {
    const file = join(await temporaryFolder(), 'config.json')
    await writeFile(file, blocks('v2rayn', 'json')[0] ?? '')
    const { stdout } = await run('v2ray', ['-test', '-config', file])
    expect(stdout).toContain('Configuration OK')
  })
})

test('the line of wsl2.md finds the default gateway', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'ip'), '#!/bin/sh\necho "default via 172.22.0.1 dev eth0 proto kernel"\n', {
    mode: 0o755,
  })
  const [line = ''] = (blocks('wsl2', 'sh')[0] ?? '').split('\n')
  const { stdout } = await run('sh', ['-c', `${line}; echo "$HTTPS_PROXY"`], {
    env: { PATH: `${folder}:${process.env['PATH'] ?? ''}` },
  })
  expect(stdout.trim()).toBe('http://172.22.0.1:7897')
})
