/** Milliseconds from one end of the long cable to the other: a round trip takes twice that, 50 ms. */
export const ONE_WAY_MS = 25

/** What the small proxy has room for. */
export const SMALL_PROXY_CONNECTIONS = 10

/** Sends of a burst. */
export const BURST = 200

/** Discord's limit a second for a bot. */
export const SECOND = 50

/** Silence after which many clients have given up their connections: undici's pools keep them for 4 s. */
export const SILENCE_MS = 6_000

/** The first sends of a fresh process: how many, and how many at a time. */
export const FIRST_SENDS = { count: 1_000, inFlight: 4 } as const

/** Sends at a time. */
export const IN_FLIGHT = [1, 16, 64] as const
