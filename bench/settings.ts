import { parseArgs } from 'node:util'
import { BASE, type Contender } from './contenders/index.js'
import { NODE_LINES } from '../scripts/nodes/install-node.js'
import { SILENCE_MS } from './limits.js'
import type { ColdCodeSettings } from './measure/cold-code.js'

const MEBIBYTE = 1024 * 1024

/** How much is measured. */
export interface Settings {
  readonly wanted: (contender: Contender) => boolean
  /** URL of what is measured as our own: the built package, or its source. */
  readonly entry: string
  readonly rounds: number
  readonly warmUpMs: number
  readonly rampMs: number
  readonly loadMs: number
  /** No further round begins after so much time: a busy machine must not make it endless. */
  readonly roundsWithinMs: number
  /** 0 leaves the send after a silence out. */
  readonly silenceMs: number
  readonly burstRounds: number
  readonly uploadBytes: number
  readonly uploadRounds: number
  readonly importRounds: number
  /** The first sends of a fresh process. */
  readonly coldCode: ColdCodeSettings
}

/** Only the Node that runs the bench. */
const OWN_LINE = process.versions.node.split('.').slice(0, 1)

/** Under five minutes for all contenders. */
const FULL = {
  rounds: 9,
  warmUpMs: 800,
  rampMs: 100,
  loadMs: 300,
  roundsWithinMs: 150_000,
  silenceMs: SILENCE_MS,
  burstRounds: 3,
  uploadBytes: 100 * MEBIBYTE,
  uploadRounds: 3,
  importRounds: 5,
  coldCode: { lines: NODE_LINES, rounds: 15 },
} as const

/** Under 45 seconds. */
const QUICK = {
  rounds: 2,
  warmUpMs: 300,
  rampMs: 50,
  loadMs: 200,
  roundsWithinMs: 15_000,
  silenceMs: 0,
  burstRounds: 1,
  uploadBytes: 16 * MEBIBYTE,
  uploadRounds: 1,
  importRounds: 1,
  coldCode: { lines: OWN_LINE, rounds: 5 },
} as const

/** As little as shows that every part of the bench runs. */
export const SMOKE = {
  rounds: 1,
  warmUpMs: 30,
  rampMs: 10,
  loadMs: 30,
  roundsWithinMs: 5_000,
  silenceMs: 0,
  burstRounds: 1,
  uploadBytes: MEBIBYTE,
  uploadRounds: 1,
  importRounds: 1,
  coldCode: { lines: OWN_LINE, rounds: 1 },
} as const

export const ENTRIES = {
  built: new URL('../dist/index.js', import.meta.url).href,
  source: new URL('../src/index.ts', import.meta.url).href,
} as const

export interface CommandLine {
  readonly settings: Settings
  readonly json: boolean
  readonly write: boolean
  readonly tunnels: boolean
}

export const USAGE = `npm run bench -- [--quick] [--only NAME]... [--json] [--write] [--source]

  --quick   fewer and shorter rounds; no send after a silence
  --only    contenders whose name contains NAME; the base of the ratios always runs
  --json    every single figure, instead of tables
  --write   puts the tables of a full run into docs/performance.md
  --tunnels our own with 16 to 200 tunnels, and nothing else
  --source  measures src/ instead of the built package

  BENCH_PEERS   folders with a node_modules that holds the peers (default: bench/peers; npm run bench:peers)
  BENCH_NODE22  a Node 22 or later, for the contenders that need one`

/** @throws TypeError for an unknown option */
export function parseCommandLine(args: readonly string[]): CommandLine | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      tunnels: { type: 'boolean', default: false },
      source: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const { quick, only, json, write, tunnels } = values
  if (write && (quick || only.length > 0)) throw new TypeError('--write is for a full run')
  const settings: Settings = {
    ...(quick ? QUICK : FULL),
    wanted: ({ name }) => only.length === 0 || name === BASE || only.some((part) => name.includes(part)),
    entry: values.source ? ENTRIES.source : ENTRIES.built,
  }
  return { settings, json, write, tunnels }
}
