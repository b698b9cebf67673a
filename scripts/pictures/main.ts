/** `npm run docs:pictures`: writes the pictures of the documentation; with `--record` it runs the doctor first. */
import process from 'node:process'
import { writePictures } from './pictures.js'

if (process.argv.includes('--record')) await (await import('./record.js')).recordReports()
await writePictures()
