/** The file that every bot uploads: 8 MiB whose bytes differ from place to place. */
export const UPLOAD_NAME = 'pöng.bin'
export const UPLOAD = Buffer.from(Array.from({ length: 8 * 1024 * 1024 }, (_, index) => (index * 7) % 251))
export const EMOJI = '🏓'
