/** Puts the results of the last `npm run test:real` and `TEST_FULL=1 npm run test:nodes` into docs/proxies.md. */
import { join } from 'node:path'
import { updateDocument } from './table.js'

await updateDocument(join(import.meta.dirname, '../../docs/proxies.md'))
