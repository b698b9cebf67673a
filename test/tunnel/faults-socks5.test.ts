import { OUTCOMES } from '../support/fault-outcomes.js'
import { describeFaults } from '../support/fault-table.js'

describeFaults('socks5', OUTCOMES.socks5)
