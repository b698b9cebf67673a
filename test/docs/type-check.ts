import { execFile } from 'node:child_process'
import { mkdir, realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import tsconfig from '../../tsconfig.json' with { type: 'json' }
import { buildFolder } from '../support/processes/compiled.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const COMPILER = join(ROOT, 'node_modules/typescript-7/bin/tsc')

/** What `tsc --init` writes, and Node's types. */
const OPTIONS = {
  module: 'nodenext',
  target: 'esnext',
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUncheckedSideEffectImports: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  moduleDetection: 'force',
  skipLibCheck: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  // The names of the package lead to the sources.
  paths: Object.fromEntries(
    Object.entries(tsconfig.compilerOptions.paths).map(([name, [source = '']]) => [
      name,
      [join(ROOT, source)],
    ]),
  ),
}

/**
 * The errors of TypeScript 7 in these files, each with the name of its file. The sources of the package have
 * `npm run typecheck`.
 *
 * @param sources by file name
 */
export async function typeErrors(sources: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const made = join(buildFolder(), 'pages')
  await mkdir(made)
  // The compiler prints names from its working folder, and node_modules may be a link.
  const folder = await realpath(made)
  for (const [name, text] of sources) await writeFile(join(folder, name), text)
  const project = { compilerOptions: OPTIONS, files: [...sources.keys()] }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(project))
  const output = await new Promise<string>((resolve) => {
    const args = [COMPILER, '-p', folder, '--pretty', 'false']
    execFile(process.execPath, args, { cwd: folder }, (_failed, stdout) => resolve(stdout))
  })
  // A line that is indented goes on with the error of the line before.
  return output
    .split('\n')
    .filter((line) => /^\S/.test(line))
    .map((line) => /^(.*?)\(\d+,\d+\): error TS\d+: (.*)$/.exec(line) ?? [line, undefined, line])
    .filter(([, file]) => file === undefined || sources.has(file))
    .map(([, file, message = '']) => (file === undefined ? message : `${file}: ${message}`))
    .sort()
}
