import busboy from 'busboy'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { installNode, NODE_LINES } from '../../scripts/nodes/install-node.js'
import { libraryBuild } from '../../tsup.config.js'
import { startOrigin, type SeenRequest } from '../rest/support/origin.js'

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHILD = fileURLToPath(new URL('undici-versions.mjs', import.meta.url))
const FILE = Buffer.alloc(600 * 1024, 'discord-transport ')

let directory = ''
const arrived: string[] = []
const origin = await startOrigin((request, response) => {
  void readBody(request).then((text) => {
    arrived.push(text)
    response.end('{}')
  })
})

beforeAll(async () => {
  // Inside node_modules, where the build finds its dependencies.
  directory = await mkdtemp(join(ROOT, 'node_modules', '.undici-versions-'))
  await writeFile(join(directory, 'file.bin'), FILE)
  await build({
    ...libraryBuild,
    entry: { library: join(ROOT, 'src/index.ts') },
    outDir: directory,
    silent: true,
    config: false,
    clean: false,
  })
}, 60_000)
afterAll(async () => {
  await rm(directory, { recursive: true })
  await origin.close()
})
beforeEach(() => void arrived.splice(0))

/** What a body says: JSON as it is, a form as its field and whether the file is whole. */
async function readBody({ headers, body }: SeenRequest): Promise<string> {
  if (headers['content-length'] !== String(body.byteLength)) return `a length of ${headers['content-length']}`
  if (headers['content-type']?.startsWith('multipart/form-data') !== true) return body.toString()
  const form = busboy({ headers })
  const parts: string[] = []
  const read = new Promise<void>((resolve, reject) => form.once('close', resolve).once('error', reject))
  form.on('field', (name, value) => parts.push(`${name}=${value}`))
  form.on('file', (name, stream, { filename, mimeType }) => {
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      const whole = Buffer.concat(chunks).equals(FILE)
      parts.push(`${name}=${filename} of ${mimeType}, ${whole ? 'whole' : 'broken'}`)
    })
  })
  form.end(body)
  await read
  return parts.sort().join('; ')
}

test.each(NODE_LINES)(
  'undici 6, 7 and 8 and the fetch of Node %s send forms of each other through the dispatcher',
  async (line) => {
    const { path } = await installNode(line)
    const { stdout } = await run(path, [
      CHILD,
      join(directory, 'library.cjs'),
      origin.url,
      join(directory, 'file.bin'),
    ])
    const { cases, failures } = JSON.parse(stdout) as { readonly cases: number; readonly failures: string[] }
    expect(failures).toEqual([])
    expect(arrived).toHaveLength(cases)
    expect(new Set(arrived)).toEqual(
      new Set([
        'files[0]=file.bin of application/octet-stream, whole; payload_json={"content":"x"}',
        '{"content":"x"}',
      ]),
    )
  },
  120_000,
)
