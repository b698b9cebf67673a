import { ApiError, invalidBody, methodNotAllowed, notFound, unauthorized } from './api-errors.js'
import { type HttpReply } from './http-reply.js'
import type { RecordedRequest } from './recorded-request.js'
import type { BodyProblem } from './request-body.js'

/** What a handler is given: the request, and the variable segments of its route by name, decoded. */
export interface Call {
  readonly request: RecordedRequest
  readonly param: (name: string) => string
}

export interface Route {
  readonly method: string
  /** `/channels/:channel/messages` */
  readonly pattern: string
  /** Answers, or throws an ApiError. */
  readonly handler: (call: Call) => HttpReply
  /** `bot`: needs `Authorization: Bot <token>`. `none`: the token in the path is the authorization. */
  readonly authorization: 'bot' | 'none'
}

type CompiledRoute = Route & { readonly segments: readonly string[] }

export class Router {
  readonly #token: string
  /** By number of segments: the only thing all routes of one path have in common. */
  readonly #routes = new Map<number, CompiledRoute[]>()

  constructor(token: string, routes: readonly Route[]) {
    this.#token = token
    for (const route of routes) {
      const segments = route.pattern.split('/')
      const sameLength = this.#routes.get(segments.length)
      const compiled = { ...route, segments }
      if (sameLength) sameLength.push(compiled)
      else this.#routes.set(segments.length, [compiled])
    }
  }

  answer(request: RecordedRequest, problem: BodyProblem | undefined): HttpReply {
    try {
      const { route, params } = this.#find(request)
      if (route.authorization === 'bot' && request.headers.authorization !== `Bot ${this.#token}`) {
        throw unauthorized()
      }
      if (problem) throw invalidBody(problem)
      return route.handler({
        request,
        param: (name) => {
          const value = params.get(name)
          if (value === undefined) throw new Error(`${route.pattern} has no :${name}`)
          return value
        },
      })
    } catch (error) {
      if (error instanceof ApiError) return error.reply
      throw error
    }
  }

  #find(request: RecordedRequest): { route: CompiledRoute; params: ReadonlyMap<string, string> } {
    const segments = request.route.split('/')
    let pathExists = false
    for (const route of this.#routes.get(segments.length) ?? []) {
      const params = match(route.segments, segments)
      if (!params) continue
      if (route.method === request.method) return { route, params }
      pathExists = true
    }
    throw pathExists ? methodNotAllowed() : notFound()
  }
}

function match(pattern: readonly string[], segments: readonly string[]): Map<string, string> | undefined {
  const params = new Map<string, string>()
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index]!
    if (expected.startsWith(':')) params.set(expected.slice(1), decodeURIComponent(segment))
    else if (decodeURIComponent(segment) !== expected) return undefined
  }
  return params
}
