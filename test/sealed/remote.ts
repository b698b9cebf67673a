import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/** What a process answers: the argument and the result of each call, both JSON. */
export type Calls<C> = {
  readonly [Name in keyof C]: { readonly argument: unknown; readonly result: unknown }
}

interface Question {
  readonly id: number
  readonly call: string
  readonly argument: unknown
}

type Answer =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly failure: string }

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

/** A script of the tests in a namespace, spoken to by Node's own channel, which no namespace cuts. */
export class Remote<C extends Calls<C>> implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #pending = new Map<number, Pending>()
  #output = ''
  #count = 0

  private constructor(child: ChildProcess) {
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-16_384)))
    child.on('message', (answer: Answer) => {
      const pending = this.#pending.get(answer.id)
      this.#pending.delete(answer.id)
      if ('failure' in answer) pending?.reject(new Error(answer.failure))
      else pending?.resolve(answer.result)
    })
    child.once('exit', (code, signal) => {
      const reason = `the process ended with ${String(code ?? signal)}:\n${this.#output}`
      for (const { reject } of this.#pending.values()) reject(new Error(reason))
      this.#pending.clear()
    })
  }

  /** @param script a TypeScript file; it serves when it has sent its first message */
  static async start<C extends Calls<C>>(
    within: (command: readonly string[]) => readonly string[],
    script: string,
    env: Readonly<Record<string, string>> = {},
  ): Promise<Remote<C>> {
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
    const [program = '', ...args] = within([process.execPath, '--import', loader, script])
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { ...cleanEnvironment(), ...env },
    })
    const remote = new Remote<C>(child)
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error(`${script} ended before it served:\n${remote.#output}`)
      }),
    ])
    return remote
  }

  /** What it has written, the latest of it. */
  get output(): string {
    return this.#output
  }

  call<Name extends keyof C & string>(call: Name, argument: C[Name]['argument']): Promise<C[Name]['result']> {
    const id = ++this.#count
    return new Promise((resolve, reject) => {
      if (this.#child.exitCode !== null) {
        reject(new Error(`the process has ended:\n${this.#output}`))
        return
      }
      this.#pending.set(id, { resolve, reject })
      const question: Question = { id, call, argument }
      this.#child.send(question)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** Without the variables that would name a proxy, or bring the test runner into the process. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/_PROXY$|^VITEST|^NODE_OPTIONS$/i.test(name)),
  )
}

/** In the process: answers calls until the parent goes. */
export function serve<C extends Calls<C>>(handlers: {
  readonly [Name in keyof C]: (
    argument: C[Name]['argument'],
  ) => C[Name]['result'] | Promise<C[Name]['result']>
}): void {
  const send = (answer: Answer): void => void process.send?.(answer)
  process.on('message', ({ id, call, argument }: Question) => {
    const handler: unknown = Reflect.get(handlers, call)
    Promise.resolve()
      .then((): unknown => {
        if (typeof handler !== 'function') throw new TypeError(`there is no call ${call}`)
        return Reflect.apply(handler, undefined, [argument])
      })
      .then(
        (result) => send({ id, result }),
        (error: unknown) =>
          send({ id, failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      )
  })
  process.once('disconnect', () => process.exit())
  send({ id: 0, result: 'serving' })
}
