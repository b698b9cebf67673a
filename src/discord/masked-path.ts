/**
 * A path fit for events and logs: without its query, and with the tokens in it masked. A token is enough to post as
 * the webhook, or to answer the interaction (https://discord.com/developers/docs/resources/webhook).
 */
export function maskedPath(path: string): string {
  const [pathname = ''] = path.split(/[?#]/, 1)
  return pathname.replace(/(\/(?:webhooks|interactions)\/[^/]+\/)[^/]+/g, '$1***')
}
