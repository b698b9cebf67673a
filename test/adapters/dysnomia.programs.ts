import { describeBot } from './bot/describe-bot.js'

describeBot({ library: 'dysnomia', ownEngine: false })
