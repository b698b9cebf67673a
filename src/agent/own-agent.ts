/** Marks an agent of this library, of whatever copy: it leads its requests by its own route. */
export const OWN_AGENT = Symbol.for('discord-transport.own-agent')
