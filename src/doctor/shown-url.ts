import { maskedPath } from '../discord/masked-path.js'

/** A URL fit to print: no credentials, no query, and none of the tokens that paths of Discord's hold. */
export function shownUrl({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${maskedPath(pathname)}`
}
