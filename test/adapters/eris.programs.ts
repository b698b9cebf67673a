import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'eris', ownEngine: false })
