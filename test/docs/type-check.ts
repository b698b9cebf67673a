import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What `tsc --init` of TypeScript 5.9 writes, and Node's types. */
const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ESNext,
  types: ['node'],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noUncheckedSideEffectImports: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  moduleDetection: ts.ModuleDetectionKind.Force,
  skipLibCheck: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
}

/** Where the names of the package lead: to the sources. */
function packagePaths(): Pick<ts.CompilerOptions, 'paths' | 'pathsBasePath'> {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  return { paths: options.paths ?? {}, pathsBasePath: ROOT }
}

/**
 * The compiler's errors in these files, each with the name of its file.
 *
 * @param sources by file name; they are kept in memory, as if they were in test/docs
 */
export function typeErrors(sources: ReadonlyMap<string, string>): readonly string[] {
  const options = { ...OPTIONS, ...packagePaths() }
  const files = new Map([...sources].map(([name, text]) => [join(ROOT, 'test/docs', name), text]))
  const host = ts.createCompilerHost(options)
  const readFromDisk = host.readFile.bind(host)
  const existsOnDisk = host.fileExists.bind(host)
  host.readFile = (path) => files.get(path) ?? readFromDisk(path)
  host.fileExists = (path) => files.has(path) || existsOnDisk(path)
  host.getSourceFile = (path, settings) => {
    const text = host.readFile(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, settings)
  }
  const program = ts.createProgram([...files.keys()], options, host)
  // The sources have `npm run typecheck`.
  const diagnostics = [...files.keys()].flatMap((path) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(path)),
  )
  return [...new Set([...program.getOptionsDiagnostics(), ...diagnostics])].map(({ file, messageText }) => {
    const name = file === undefined ? '' : `${basename(file.fileName)}: `
    return `${name}${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}
