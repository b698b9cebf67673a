import { RequestClient, type RequestClientOptions } from '@buape/carbon'
import type { DiscordTransport } from '../../index.js'
import { requireTransport } from '../transport-option.js'

/** Carbon's RequestClientOptions, and the transport in place of its `fetch`. */
export type ProxyRequestClientOptions = Omit<RequestClientOptions, 'fetch'> & {
  readonly transport: DiscordTransport
}

/** Carbon's RequestClient with every request on a transport. Carbon 0.15 and 0.16. */
export class ProxyRequestClient extends RequestClient {
  /**
   * @param token the bot's token
   * @param options RequestClient's own options and `transport`
   * @throws TransportError ERR_INVALID_OPTIONS without a transport; ERR_PROXY_CONFIG under Carbon 0.14, whose
   * RequestClient always calls the global fetch
   */
  constructor(token: string, { transport, ...options }: ProxyRequestClientOptions) {
    super(token, { ...options, ...requireTransport(transport).requestOptions })
    transport.wrapRequestClient(this)
  }
}
