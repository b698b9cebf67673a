import { OUTCOMES } from '../support/fault-outcomes.js'
import { describeFaults } from '../support/fault-table.js'

describeFaults('socks4', OUTCOMES.socks4)
describeFaults('socks4a', OUTCOMES.socks4a)
