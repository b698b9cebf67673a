import { expect, test } from 'vitest'
import { writeTemporary } from '../support/temporary-file.js'
import { builtCommand } from './command.js'

const command = builtCommand()

/**
 * Runs within the command, and writes the packages that it has loaded as the last line of stderr. The build that is tested
 * lies in a folder of node_modules whose name begins with a dot.
 */
const PRELOAD = `
const { _cache } = require('node:module')
process.on('exit', () => {
  const paths = Object.keys(_cache).map((path) => path.replaceAll('\\\\', '/').split('/node_modules/')[1] ?? '')
  const names = paths.map((path) => path.split('/').slice(0, path.startsWith('@') ? 2 : 1).join('/'))
  process._rawDebug(JSON.stringify([...new Set(names)].filter((name) => /^\\w|^@/.test(name)).sort()))
})
`

// A start takes longer with each package: undici and ws double it.
test.each([
  [['commander'], ['--help']],
  [['commander'], ['policy']],
  [
    ['commander', 'undici', 'ws'],
    ['explain', 'https://discord.com/'],
  ],
])('the command loads %j for %j', async (packages, args) => {
  const preload = await writeTemporary('preload.cjs', PRELOAD)
  const { stderr } = await command.run(args, { env: { NODE_OPTIONS: `--require ${preload}` } })
  expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '')).toEqual(packages)
})
