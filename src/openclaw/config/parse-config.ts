import { settingError } from './setting-error.js'

/**
 * JSON first, then JSON5, as OpenClaw does.
 *
 * @param place what the text is called in an error, which never repeats a part of it
 * @throws TransportError ERR_INVALID_OPTIONS
 */
export async function parseConfig(text: string, place: string): Promise<unknown> {
  try {
    return JSON.parse(text) as unknown
  } catch {
    // Nearly every configuration that people write has comments: the slower parser is the usual one.
  }
  const { default: json5 } = await import('json5')
  try {
    return json5.parse<unknown>(text)
  } catch (error) {
    const { lineNumber: line, columnNumber: column } = error as { lineNumber?: number; columnNumber?: number }
    const at = { line: line ?? 0, column: column ?? 0 }
    throw settingError(place, 'openclaw.syntax', 'openclaw.syntax.hint', at)
  }
}
