import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'discordjs-core', ownEngine: true })
