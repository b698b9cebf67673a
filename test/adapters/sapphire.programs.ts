import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'sapphire', ownEngine: true })
