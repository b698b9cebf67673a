import { writeFile } from 'node:fs/promises'
import { defineConfig } from 'tsup'

const entry = { index: 'src/index.ts', carbon: 'src/adapters/carbon/index.ts' }

/**
 * The CommonJS entries load the ES modules: every Node that we support can require one, and the proxy
 * agents are ES modules themselves. So one process never holds two copies of this package.
 */
async function writeCommonJsEntries(): Promise<void> {
  for (const name of Object.keys(entry)) {
    await writeFile(`dist/${name}.cjs`, `'use strict'\nmodule.exports = require('./${name}.js')\n`)
  }
}

/** The command: no library, so it needs neither types nor a CommonJS face. tsup keeps its #! line. */
const command = { cli: 'src/cli/main.ts' }

export default defineConfig([
  {
    entry: { ...entry, ...command },
    format: ['esm'],
    target: 'node20',
    splitting: true,
    treeshake: true,
    clean: true,
    dts: { entry },
    onSuccess: writeCommonJsEntries,
  },
  // The same declarations once more as .d.cts, so that CommonJS users get types of their own kind.
  { entry, format: ['cjs'], dts: { only: true }, clean: false },
])
