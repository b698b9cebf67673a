import { describeDiagnosedFaults } from './diagnosed-faults.js'

describeDiagnosedFaults('http')
