import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'oceanic.js', ownEngine: false })
