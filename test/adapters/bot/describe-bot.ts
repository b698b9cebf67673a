import { afterAll, beforeAll, describe, it } from 'vitest'
import type { LabScheme } from '../../lab/proxy/index.js'
import { everyPair, FULL } from '../../support/matrix.js'
import { BotLab, type BotClaims } from './bot-lab.js'

/** A step of a bot's life. */
interface Step {
  readonly claim: string
  readonly run: (lab: BotLab) => Promise<void>
}

const EXCHANGE: Step = {
  claim: 'receives, replies, uploads, downloads, edits and reacts',
  run: (lab) => lab.exchange(),
}

const RESUME: Step = {
  claim: 'resumes at the URL that Discord named when its connection is cut',
  run: (lab) => lab.resume(),
}

const outage = (seconds: number): Step => ({
  claim: `comes back when the proxy was away for ${seconds} seconds`,
  run: (lab) => lab.outage(seconds),
})

/** The life of one process: the scheme of its proxy, and its steps in order. */
interface Life {
  readonly scheme: LabScheme
  readonly steps: readonly Step[]
}

/** In the whole matrix each step has a bot of its own, with either scheme. */
const LIVES: readonly Life[] = FULL
  ? everyPair({
      scheme: ['http', 'socks5'] as const,
      step: [EXCHANGE, RESUME, ...[3, 10, 20, 40].map(outage)],
    }).map(({ scheme, step }) => ({ scheme, steps: [step] }))
  : [
      { scheme: 'http', steps: [EXCHANGE, outage(10)] },
      { scheme: 'socks5', steps: [EXCHANGE, RESUME] },
    ]

/** The steps that every library has to pass, with every other connection of its process recorded and refused. */
export function describeBot(claims: BotClaims): void {
  describe.each(LIVES)(`a bot on ${claims.library} through $scheme`, ({ scheme, steps }) => {
    let lab: BotLab | undefined

    // Loading a library takes ten seconds on a busy machine.
    beforeAll(async () => {
      lab = await BotLab.start(claims, scheme)
    }, 60_000)
    afterAll(() => lab?.close())

    // it.each() would cut the claims short, and -t could not name one of them.
    for (const { claim, run } of steps) it(claim, { timeout: 150_000 }, () => run(started(lab)))

    it('connected to nothing but the proxy', () => started(lab).stopAndCheckGuard())
  })
}

function started(lab: BotLab | undefined): BotLab {
  if (lab === undefined) throw new Error('the bot has not started')
  return lab
}
