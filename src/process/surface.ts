/** The ways by which code opens a connection. */
export const SURFACES = ['fetch', 'undici', 'http', 'https', 'websocket', 'net', 'tls', 'http2'] as const

/** What a connection of the process was made by. */
export type Surface = (typeof SURFACES)[number]

/** Surfaces below HTTP: the option `sockets` decides about them. */
export const SOCKET_SURFACES: ReadonlySet<Surface> = new Set(['net', 'tls', 'http2'])
