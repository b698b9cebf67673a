import { describeDiagnosedFaults } from './diagnosed-faults.js'

describeDiagnosedFaults('socks4')
