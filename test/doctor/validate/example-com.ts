import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Lab } from '../../support/lab.js'

/** example.com for the rest of the test, where the lab's proxies find it. */
export async function addExampleCom({ ca, names }: Pick<Lab, 'ca' | 'names'>): Promise<void> {
  const server = createServer(await ca.issue(['example.com']), (_request, response) => {
    response.end('<h1>Example Domain</h1>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  names.add('example.com', 443, { host: '127.0.0.1', port })
  onTestFinished(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
}
