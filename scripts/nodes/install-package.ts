import { execFile } from 'node:child_process'
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = join(import.meta.dirname, '../..')

/** How the cases load it, and how every subpath is loaded, each as a file that Node alone reads. */
async function writeEntries(project: string): Promise<void> {
  const manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, unknown>>
  }
  const names = Object.keys(manifest.exports)
    .filter((subpath) => !subpath.endsWith('.json'))
    .map((subpath) => JSON.stringify(`discord-transport${subpath.slice(1)}`))
  const files = {
    'by-import.cjs': `module.exports = import('discord-transport')\n`,
    'by-require.cjs': `module.exports = require('discord-transport')\n`,
    'load-by-import.cjs': `Promise.all([${names.map((name) => `import(${name})`).join(', ')}])\n`,
    'load-by-require.cjs': `${names.map((name) => `require(${name})`).join('\n')}\n`,
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(project, name), content)
}

/** Packs what was built and installs the tarball into an empty project, with the peers that subpaths name. */
export async function installPackage(folder: string): Promise<string> {
  await access(join(ROOT, 'dist/index.js')).catch(() => {
    throw new Error('nothing is built: npm run build comes first')
  })
  const project = join(folder, 'project')
  await mkdir(project)
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--silent', '--ignore-scripts', '--pack-destination', folder],
    {
      cwd: ROOT,
    },
  )
  const [packed] = JSON.parse(stdout) as readonly { readonly filename: string }[]
  if (packed === undefined) throw new Error('npm pack made no tarball')
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true }\n')
  const peers = await peersOf()
  const options = ['--no-audit', '--no-fund', '--prefer-offline', '--omit=dev']
  await run('npm', ['install', ...options, join(folder, packed.filename), ...peers], { cwd: project })
  await writeEntries(project)
  return project
}

/** As the tests have them. */
async function peersOf(): Promise<readonly string[]> {
  const { peerDependencies, devDependencies } = JSON.parse(
    await readFile(join(ROOT, 'package.json'), 'utf8'),
  ) as {
    readonly peerDependencies: Readonly<Record<string, string>>
    readonly devDependencies: Readonly<Record<string, string>>
  }
  return Object.keys(peerDependencies).map((name) => `${name}@${devDependencies[name] ?? 'latest'}`)
}
