import { createHook } from 'node:async_hooks'
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { isIP } from 'node:net'
import { onTestFinished } from 'vitest'

interface Answer {
  readonly address: string
  readonly family: number
}

/** The async_hooks types of a lookup that leaves this process, whoever asked and by whichever function. */
const QUERIES = new Set(['GETADDRINFOREQWRAP', 'GETNAMEINFOREQWRAP', 'QUERYWRAP'])

/** The functions of `node:dns` and `node:dns/promises` that ask for something. */
const isQuestion = (name: string): boolean => /^(lookup|lookupService|resolve\w*|reverse)$/.test(name)

/**
 * Answers and records every lookup of this process until the test has finished: names that it was given get
 * their address, all others are ENOTFOUND. No query leaves the process, which `leaked` proves.
 */
export class LocalDns {
  /** Every name that was asked for, in order. */
  readonly queries: string[] = []
  /** Lookups that were made in spite of this: Node's own view, through async_hooks. */
  leaked = 0
  readonly #answers = new Map<string, readonly Answer[]>()

  /** For the rest of the test. */
  static install(answers: Readonly<Record<string, string | readonly string[]>> = {}): LocalDns {
    const local = new LocalDns()
    for (const [name, address] of Object.entries(answers)) local.answer(name, address)
    const restore = local.patchNode()
    onTestFinished(restore)
    return local
  }

  /** Until the returned function is called. */
  patchNode(): () => void {
    const restore = [
      patch(dns, (name) => (name === 'lookup' ? this.#lookup : this.#refuse)),
      patch(dns.promises, (name) => (name === 'lookup' ? this.#promisedLookup : this.#promisedRefusal)),
    ]
    syncBuiltinESMExports()
    const hook = createHook({
      init: (_id, type) => {
        if (QUERIES.has(type)) this.leaked += 1
      },
    }).enable()
    return () => {
      hook.disable()
      for (const undo of restore) undo()
      syncBuiltinESMExports()
    }
  }

  /** From now on this name has these addresses. */
  answer(name: string, addresses: string | readonly string[]): this {
    const list = [addresses].flat()
    this.#answers.set(
      name.toLowerCase(),
      list.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
    return this
  }

  readonly #lookup = (host: string, ...rest: unknown[]): void => {
    const callback = rest.at(-1)
    if (!isCallback(callback)) throw new TypeError('no callback')
    const options = rest.length > 1 ? rest[0] : undefined
    void this.#promisedLookup(host, options).then(
      (found) => {
        if (Array.isArray(found)) callback(null, found)
        else callback(null, found.address, found.family)
      },
      (error: unknown) => callback(error),
    )
  }

  readonly #promisedLookup = async (host: string, options?: unknown): Promise<Answer | Answer[]> => {
    const literal = isIP(host)
    // Asks nobody: `server.listen` passes its address through here too.
    if (literal === 0) this.queries.push(host)
    // After the caller has listened, as with the real one.
    await new Promise((resolve) => setImmediate(resolve))
    const { all = false, family = 0 } = readOptions(options)
    const known = literal === 0 ? this.#answers.get(host.toLowerCase()) : [{ address: host, family: literal }]
    const found = (known ?? []).filter((answer) => family === 0 || answer.family === family)
    const [first] = found
    if (first === undefined) throw notFound(host)
    return all ? [...found] : first
  }

  readonly #refuse = (host: string, ...rest: unknown[]): void => {
    this.queries.push(host)
    const callback = rest.at(-1)
    if (isCallback(callback)) setImmediate(() => callback(notFound(host)))
  }

  readonly #promisedRefusal = (host: string): Promise<never> => {
    this.queries.push(host)
    return Promise.reject(notFound(host))
  }
}

function isCallback(value: unknown): value is (...values: unknown[]) => void {
  return typeof value === 'function'
}

function patch(target: object, substitute: (name: string) => unknown): () => void {
  const names = Object.keys(target).filter(isQuestion)
  const originals = names.map((name) => [name, Reflect.get(target, name) as unknown] as const)
  for (const name of names) Reflect.set(target, name, substitute(name))
  return () => {
    for (const [name, original] of originals) Reflect.set(target, name, original)
  }
}

function readOptions(options: unknown): { all?: boolean; family?: number } {
  if (typeof options === 'number') return { family: options }
  if (typeof options !== 'object' || options === null) return {}
  const { all, family } = options as { all?: unknown; family?: unknown }
  const wanted = family === 'IPv4' ? 4 : family === 'IPv6' ? 6 : Number(family ?? 0)
  return { all: all === true, family: wanted }
}

function notFound(hostname: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), {
    code: 'ENOTFOUND',
    errno: -3008,
    syscall: 'getaddrinfo',
    hostname,
  })
}
