import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { Measured, Order, Source } from './client.js'
import type { Servers } from './servers.js'

export interface UploadMemory {
  /** Uploads a file of this size in a new process. */
  measure(source: Source, bytes: number): Promise<Measured>
  close(): void
}

/** Starts the servers; each measurement has a process of its own, which holds nothing but the client. */
export async function startUploadMemory(): Promise<UploadMemory> {
  const host = start('servers.ts')
  const servers = await firstMessage<Servers>(host)
  return {
    async measure(source, bytes) {
      const client = start('client.ts', ['--expose-gc'])
      client.send({ servers, source, bytes } satisfies Order)
      return firstMessage<Measured>(client)
    },
    close: () => host.disconnect(),
  }
}

function start(file: string, flags: string[] = []): ChildProcess {
  const path = new URL(file, import.meta.url)
  return fork(path, { execArgv: [...flags, '--import', import.meta.resolve('tsx')] })
}

async function firstMessage<Message>(child: ChildProcess): Promise<Message> {
  const died = once(child, 'exit').then(([code]) => {
    throw new Error(`a process of the measurement ended with ${String(code)}`)
  })
  const [message] = (await Promise.race([once(child, 'message'), died])) as [Message]
  died.catch(() => undefined)
  return message
}
