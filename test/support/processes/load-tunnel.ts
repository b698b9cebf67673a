/** A process of its own that makes a route and opens nothing. Answers with the packages that it has loaded. */
import { writeSync } from 'node:fs'
import { parseOptions, resolveProxy } from '../../../src/config/index.js'
import { Route } from '../../../src/tunnel/index.js'
import { loadedPackages } from './loaded-packages.js'

const options = parseOptions({ proxy: 'http://127.0.0.1:3128', env: {} })
await new Route(resolveProxy(options), options).close()
writeSync(1, JSON.stringify(loadedPackages()))
