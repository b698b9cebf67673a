import { configError } from '../errors.js'
import type { TransportFetch } from './fetch.js'

/**
 * Makes an existing Carbon RequestClient (0.15 and later) send through `fetch` from now on, in place of the
 * global fetch or of a `fetch` option that it was created with. Returns the same client.
 *
 * @throws TransportError ERR_PROXY_CONFIG where the client has no way in: Carbon 0.14 and earlier call the
 * global fetch itself.
 */
export function wrapRequestClient<Client extends object>(client: Client, fetch: TransportFetch): Client {
  if (!('customFetch' in client)) {
    throw configError(
      'wrapRequestClient',
      'expected a RequestClient of @buape/carbon 0.15 or later; this object takes no fetch of its own',
      'Upgrade @buape/carbon to 0.15 or later: earlier versions call the global fetch directly.',
    )
  }
  client.customFetch = fetch
  if ('options' in client && typeof client.options === 'object' && client.options !== null) {
    Object.assign(client.options, { fetch })
  }
  return client
}
