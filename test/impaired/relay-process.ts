import type { LabAddress } from '../lab/names.js'
import { serve } from '../sealed/remote.js'
import { ImpairingRelay, type Impairment, type RelayCounts } from './impairing-relay.js'

/** The bad link, as a process where the proxies are. */
export interface RelayCalls {
  readonly listen: {
    readonly argument: {
      readonly at: LabAddress
      readonly to: LabAddress
      readonly impairment: Impairment
    }
    readonly result: null
  }
  readonly calm: { readonly argument: null; readonly result: null }
  readonly counts: { readonly argument: null; readonly result: RelayCounts }
}

let relay: ImpairingRelay | undefined

serve<RelayCalls>({
  listen: async ({ at, to, impairment }) => {
    relay = await ImpairingRelay.listen(at, to, impairment)
    return null
  },
  calm: () => {
    relay?.calm()
    return null
  },
  counts: () => relay?.counts ?? { connections: 0, resets: 0, stalls: 0 },
})
