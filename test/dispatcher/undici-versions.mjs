/**
 * Sends by fetch, request and stream of several undicis, and by the fetch of this Node, over transport.dispatcher.
 * Prints the name of each case that fails, with its error, as JSON. Arguments: path of the built library, URL to
 * send to, path of a file.
 */
import { openAsBlob } from 'node:fs'
import { createRequire } from 'node:module'
import process from 'node:process'
import { Writable } from 'node:stream'

const [library, url, file] = process.argv.slice(2)
const { createDiscordTransport } = createRequire(import.meta.url)(library)
const transport = createDiscordTransport({ proxy: false, env: {} })
const { dispatcher } = transport

/** undici 8 needs Node 22.19. */
const versions = process.versions.node.startsWith('20.')
  ? ['undici-6', 'undici']
  : ['undici-6', 'undici', 'undici-8']
const undicis = await Promise.all(versions.map(async (name) => ({ name, ...(await import(name)) })))
const forms = [{ name: 'global', FormData: globalThis.FormData }, ...undicis]

async function fill(FormData) {
  const form = new FormData()
  form.set('payload_json', '{"content":"x"}')
  form.set('files[0]', await openAsBlob(file), 'file.bin')
  return form
}

async function byStream(undici, init) {
  let status = 0
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() })
  await undici.stream(url, { ...init, dispatcher }, ({ statusCode }) => {
    status = statusCode
    return sink
  })
  return status
}

async function byRequest(undici, init) {
  const { statusCode, body } = await undici.request(url, { ...init, dispatcher })
  await body.dump()
  return statusCode
}

async function byFetch(fetch, init) {
  const response = await fetch(url, { ...init, dispatcher })
  await response.arrayBuffer()
  return response.status
}

const cases = []
for (const undici of undicis) {
  for (const { name, FormData } of forms) {
    const init = async () => ({ method: 'POST', body: await fill(FormData) })
    cases.push([
      `${undici.name}.request of the FormData of ${name}`,
      async () => byRequest(undici, await init()),
    ])
    cases.push([
      `${undici.name}.stream of the FormData of ${name}`,
      async () => byStream(undici, await init()),
    ])
  }
  const own = async () => ({ method: 'POST', body: await fill(undici.FormData) })
  cases.push([`${undici.name}.fetch of its FormData`, async () => byFetch(undici.fetch, await own())])
}
const headerShapes = {
  object: { 'x-shape': '1' },
  list: ['x-shape', '1'],
  pairs: new Map([['x-shape', '1']]),
}
for (const [shape, headers] of Object.entries(headerShapes)) {
  const init = async () => ({ method: 'POST', headers, body: await fill(FormData) })
  cases.push([`undici.request with headers as ${shape}`, async () => byRequest(undicis[1], await init())])
}
cases.push([
  'the fetch of this Node, of its FormData',
  async () => byFetch(fetch, { method: 'POST', body: await fill(FormData) }),
])
for (const name of ['content-length', 'Content-Length']) {
  const init = { method: 'POST', headers: { [name]: '15' }, body: '{"content":"x"}' }
  cases.push([`the fetch of this Node, with its caller's ${name}`, () => byFetch(fetch, init)])
}

const failures = []
for (const [name, run] of cases) {
  try {
    const status = await run()
    if (status !== 200) failures.push(`${name}: status ${status}`)
  } catch (error) {
    failures.push(`${name}: ${error} ${error?.cause ?? ''}`)
  }
}
await transport.close()
process.stdout.write(JSON.stringify({ cases: cases.length, failures }))
