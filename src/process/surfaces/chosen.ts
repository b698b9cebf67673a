/**
 * Marks the options of a connection in scope that goes direct by choice. It travels with them from the surface where that
 * was decided to the one where the connection is made, which may be later and in another context.
 */
export const CHOSEN = Symbol.for('discord-transport.chosen')

export function isChosen(options: object): boolean {
  return CHOSEN in options
}
