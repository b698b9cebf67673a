import type { DiagnosedHop, Diagnosis, DiagnoseOptions, HopId, TransportOptions } from '../../../src/index.js'
import type { Lab } from '../../support/lab.js'

/** A diagnosis of the lab's proxy, or of whatever the options say. */
export function diagnose(
  lab: Lab,
  options: TransportOptions = {},
  diagnoseOptions: DiagnoseOptions = {},
): Promise<Diagnosis> {
  const transport = lab.createTransport({ connectTimeoutMs: 1_500, ...options })
  return transport.diagnose({ inContainer: false, ...diagnoseOptions })
}

/** The first hop that failed, as the error of a client would call it. */
export function outcomeOf({ hops }: Diagnosis): string {
  const failed = hops.find(({ status }) => status === 'failed')
  return failed === undefined ? 'works' : `${failed.code ?? ''} ${failed.id}`
}

/** The hop with this id, which must be part of the diagnosis. */
export function hopOf({ hops }: Diagnosis, id: HopId): DiagnosedHop {
  const found = hops.find((hop) => hop.id === id)
  if (found === undefined) throw new Error(`the diagnosis has no hop ${id}`)
  return found
}
