import { build } from 'esbuild'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type * as Errors from '../src/errors.js'

test('a bundled TransportError is logged under its own name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'errors-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../src/errors.ts', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  })
  const file = join(folder, 'errors.mjs')
  await writeFile(file, outputFiles[0]?.contents ?? '')
  const { TransportError } = (await import(pathToFileURL(file).href)) as typeof Errors
  const error = new TransportError('no', {
    code: 'ERR_PROXY_DENIED',
    phase: 'tunnel',
    hint: 'ask',
    retryable: false,
  })
  expect(inspect(error)).toMatch(/^TransportError: no\n/)
  expect(error.stack).toMatch(/^TransportError: no\n/)
  expect(String(error)).toBe('TransportError: no')
})
