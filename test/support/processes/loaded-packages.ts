import { Session } from 'node:inspector'

/** The packages of which this process has compiled a module, by import or by require. */
export function loadedPackages(): string[] {
  const session = new Session()
  session.connect()
  const names = new Set<string>()
  session.on('Debugger.scriptParsed', ({ params }) => {
    const name = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(params.url)?.[1]
    if (name !== undefined) names.add(name)
  })
  session.post('Debugger.enable')
  session.disconnect()
  return [...names].sort()
}
