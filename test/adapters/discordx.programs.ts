import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'discordx', ownEngine: true })
