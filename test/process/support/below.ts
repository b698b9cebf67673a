/**
 * Code for the beginning of a program: `below()` tells each TCP connection that Node has begun since, and the number of
 * names that it has looked up. It stands below every hook that JavaScript can set.
 */
export const BELOW = `
const { createHook } = process.getBuiltinModule?.('node:async_hooks') ?? (await import('node:async_hooks'))
const connections = []
let lookups = 0
createHook({
  init(_id, type, _trigger, resource) {
    if (type === 'TCPCONNECTWRAP') connections.push(resource)
    if (type === 'GETADDRINFOREQWRAP' || type === 'QUERYWRAP') lookups += 1
  },
}).enable()
const below = () => ({ lookups, connections: connections.map(({ address, port }) => address + ':' + port) })
`
