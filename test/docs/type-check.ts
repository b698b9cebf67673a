import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/**
 * What the compiler has against these sources, with the settings of the project.
 *
 * @param sources by name; they lie in memory, as if in test/docs
 */
export function typeErrors(sources: ReadonlyMap<string, string>): readonly string[] {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: unknown
  }
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
  const files = new Map(
    [...sources].map(([name, text]) => [join(ROOT, 'test/docs', `${name.replace(/\W+/g, '-')}.mts`), text]),
  )
  const host = ts.createCompilerHost({ ...options, noUnusedLocals: false })
  const readFromDisk = host.readFile.bind(host)
  const existsOnDisk = host.fileExists.bind(host)
  host.readFile = (path) => files.get(path) ?? readFromDisk(path)
  host.fileExists = (path) => files.has(path) || existsOnDisk(path)
  host.getSourceFile = (path, settings) => {
    const text = host.readFile(path)
    return text === undefined ? undefined : ts.createSourceFile(path, text, settings)
  }
  const program = ts.createProgram([...files.keys()], { ...options, noUnusedLocals: false }, host)
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const name = file === undefined ? '' : file.fileName.slice(dirname(file.fileName).length + 1)
    return `${name}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}
