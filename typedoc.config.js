import { readFileSync } from 'node:fs'

/** Every subpath of the package: tsconfig.json has the source of each. */
const { compilerOptions } = JSON.parse(readFileSync(new URL('tsconfig.json', import.meta.url), 'utf8'))

/** The reference of the API, made from the doc comments. A public name without a description is a failure. */
export default {
  name: 'discord-transport',
  entryPoints: Object.values(compilerOptions.paths).flat(),
  tsconfig: 'tsconfig.json',
  plugin: ['typedoc-plugin-markdown'],
  out: 'docs/reference',
  // One page for each subpath: a reader searches it with the browser.
  outputFileStrategy: 'modules',
  // Its own count of headings with the same name differs from that of the pages.
  useHTMLAnchors: true,
  readme: 'none',
  hideBreadcrumbs: true,
  disableSources: true,
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  // The compiler has a stage of its own.
  skipErrorChecking: true,
  validation: { notDocumented: true, invalidLink: false, notExported: false },
  requiredToBeDocumented: ['Class', 'Enum', 'Function', 'Interface', 'TypeAlias', 'Variable'],
}
