import { compileFunction } from 'node:vm'
import ts from 'typescript'

/**
 * Runs a block as the body of an async function.
 *
 * @param around what the block takes for granted, by name
 * @param modules what its imports give
 * @param results the names whose values it is asked for
 */
export async function runBlock(
  code: string,
  around: Readonly<Record<string, unknown>>,
  modules: Readonly<Record<string, unknown>>,
  results: readonly string[],
): Promise<Readonly<Record<string, unknown>>> {
  const { outputText } = ts.transpileModule(code, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  })
  const require = (name: string): unknown => {
    const found = modules[name]
    if (found === undefined) throw new Error(`the block imports ${name}, which its case does not give`)
    return found
  }
  const given = { ...around, require, exports: {} }
  const run: unknown = compileFunction(
    `return (async () => {\n${outputText}\nreturn { ${results.join(', ')} }\n})()`,
    Object.keys(given),
  )
  if (typeof run !== 'function') throw new Error('vm.compileFunction gives a function')
  return (await Reflect.apply(run, undefined, Object.values(given))) as Readonly<Record<string, unknown>>
}
