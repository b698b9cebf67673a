/** The file that every bot uploads: 8 MiB whose bytes differ from place to place. */
export const UPLOAD_NAME = 'pöng.bin'
const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, index) => (index * 7) % 251))
export const UPLOAD = Buffer.alloc(8 * 1024 * 1024, PATTERN)
export const EMOJI = '🏓'
