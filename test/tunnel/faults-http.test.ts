import { OUTCOMES } from '../support/fault-outcomes.js'
import { describeFaults } from '../support/fault-table.js'

describeFaults('http', OUTCOMES.http)
