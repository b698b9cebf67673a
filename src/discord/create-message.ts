/**
 * Discord's names for its API, each with `ptb.` and `canary.`; a channel's id is a number.
 * https://discord.com/developers/docs/resources/message#create-message
 *
 * Only the spelling that every client uses is recognised: a message with another one is merely not repeated.
 */
const URL_OF_MESSAGES =
  /^https:\/\/(?:(?:ptb|canary)\.)?discord(?:app)?\.com(?::443)?\/api(?:\/v\d+)?\/channels\/\d+\/messages(?:[?#]|$)/

/**
 * Whether this is Discord's Create Message: the only request that Discord deduplicates itself, by its nonce. Webhooks, interaction callbacks and thread starts take no nonce.
 */
export function isCreateMessage(method: string, url: string): boolean {
  return method === 'POST' && URL_OF_MESSAGES.test(url)
}
