import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Measured, Order, Source } from './client.js'
import type { Servers } from './servers.js'

export interface UploadMemory {
  /** Uploads a file of this size in a new process. */
  measure(source: Source, bytes: number): Promise<Measured>
  close(): void
}

/**
 * Starts the servers; each measurement has a process of its own, which holds nothing but the client.
 *
 * @param node the Node that runs the client. Default: this one
 */
export async function startUploadMemory(node = process.execPath): Promise<UploadMemory> {
  const host = start('servers.ts')
  const servers = await firstMessage<Servers>(host)
  return {
    async measure(source, bytes) {
      const client = start('client.ts', ['--expose-gc'], node)
      client.send({ servers, source, bytes } satisfies Order)
      return firstMessage<Measured>(client)
    },
    close: () => host.disconnect(),
  }
}

function start(file: string, flags: string[] = [], execPath = process.execPath): ChildProcess {
  const path = new URL(file, import.meta.url)
  return fork(path, { execPath, execArgv: [...flags, '--import', import.meta.resolve('tsx')] })
}

async function firstMessage<Message>(child: ChildProcess): Promise<Message> {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the measurement ended with ${String(code)}`)
  })
  const [message] = (await Promise.race([once(child, 'message'), died])) as [Message]
  died.catch(() => undefined)
  return message
}
