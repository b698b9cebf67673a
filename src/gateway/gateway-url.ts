import * as z from 'zod'
import type { GatewayCompression } from './compression.js'

/** What /gateway/bot has answered for years; many clients connect to it without asking. */
export const DEFAULT_GATEWAY_URL = 'wss://gateway.discord.gg/'

/** Where a token is sent must be reached over TLS, also when the URL comes from a file or an answer. */
export const gatewayUrl = z
  .string({ error: 'must be a wss:// URL' })
  .refine((url) => URL.canParse(url) && new URL(url).protocol === 'wss:', { error: 'must be a wss:// URL' })

/** With the version, encoding and compression that this client speaks. */
export function gatewayAddress(url: string, compression: GatewayCompression): string {
  const address = new URL(url)
  address.searchParams.set('v', '10')
  address.searchParams.set('encoding', 'json')
  if (compression !== 'none') address.searchParams.set('compress', compression)
  return address.href
}
