import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'discordjs-ws-1', ownEngine: true })
