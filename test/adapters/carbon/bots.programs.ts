import { describe } from 'vitest'
import { describeBot } from '../bot/describe-bot.js'

const useCarbon = new URL('fixture/use-carbon.ts', import.meta.url)

describe.each(['carbon-0-14', 'carbon-0-15', '@buape/carbon'])('%s', (carbon) => {
  describeBot({
    library: 'carbon',
    ownEngine: true,
    process: { preload: useCarbon, env: { CARBON: carbon } },
  })
})
