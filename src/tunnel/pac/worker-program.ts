/**
 * The program of the PAC worker, in plain JavaScript. It is text, because a file beside the library would be lost
 * when a bundler packs the library into one file.
 *
 * It loads the script that `workerData` names, counts the bytes of the download, and answers each `{ id, url }` with
 * `{ id, answer }` or `{ id, error }`. What goes wrong before that is told as `{ stage, error }`.
 */
export const WORKER_PROGRAM = `
'use strict'
const { parentPort, workerData } = require('node:worker_threads')
const { subscribe } = require('node:diagnostics_channel')

const sockets = new Set()
subscribe('net.client.socket', ({ socket }) => sockets.add(socket))

const describe = (error) => ({
  message: error instanceof Error ? error.message : 'no reason given',
  code: error?.code,
  syscall: error?.syscall,
  statusCode: error?.statusCode,
})

async function load() {
  let stage = 'interpreter'
  const counter = setInterval(() => {
    let bytes = 0
    for (const { bytesRead } of sockets) bytes += bytesRead
    if (bytes > workerData.maxBytes) parentPort.postMessage({ stage: 'size' })
  }, 50)
  try {
    const { proxies } = await import(workerData.proxyAgentUrl)
    const PacProxyAgent = await proxies[workerData.protocol][1]()
    stage = 'download'
    const agent = new PacProxyAgent('pac+' + workerData.scriptUrl, {
      ...workerData.tls,
      // alert() would print to the console of the bot.
      sandbox: { alert: () => undefined },
    })
    const download = agent.loadPacFile.bind(agent)
    agent.loadPacFile = async () => {
      const code = await download()
      stage = 'script'
      parentPort.postMessage({ stage: 'downloaded' })
      return code
    }
    const find = await agent.getResolver()
    parentPort.on('message', async ({ id, url }) => {
      try {
        parentPort.postMessage({ id, answer: await find(url) })
      } catch (error) {
        parentPort.postMessage({ id, error: describe(error) })
      }
    })
    parentPort.postMessage({ stage: 'ready' })
  } catch (error) {
    parentPort.postMessage({ stage, error: describe(error) })
  } finally {
    clearInterval(counter)
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
}

load()
`
