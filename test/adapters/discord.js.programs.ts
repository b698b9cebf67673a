import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'discord.js', ownEngine: true })
