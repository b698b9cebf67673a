/** One thing that an installation has replaced. */
interface Hook {
  readonly name: string
  readonly isInPlace: () => boolean
  readonly restore: () => void
}

/** Any function: the hooks pass arguments on as they come. */
export type AnyFunction = (this: unknown, ...values: unknown[]) => unknown

/**
 * The properties that an installation has replaced. Each is put back by its descriptor, and only while it is still the
 * one that was put there: other code may have wrapped it since, and then the replacement only passes calls on.
 */
export class Hooks {
  readonly #hooks: Hook[] = []

  /**
   * Replaces a method.
   *
   * @param name what {@link replaced} calls it
   * @param make makes the replacement from the original
   * @returns the original; undefined where there is no such method, and then nothing is replaced
   */
  method(
    name: string,
    target: object,
    property: PropertyKey,
    make: (original: AnyFunction) => AnyFunction,
  ): AnyFunction | undefined {
    const original: unknown = Reflect.get(target, property)
    if (!isFunction(original)) return undefined
    const replacement = make(original)
    // Code that looks at the name or the number of parameters of a function sees those of the original.
    copyProperties(original, replacement)
    this.value(name, target, property, replacement)
    return original
  }

  /** Replaces a property by a value. */
  value(name: string, target: object, property: PropertyKey, replacement: unknown): void {
    const original = Object.getOwnPropertyDescriptor(target, property)
    const { enumerable = true } = original ?? {}
    Object.defineProperty(target, property, {
      value: replacement,
      enumerable,
      configurable: original?.configurable ?? true,
      writable: true,
    })
    this.add({
      name,
      isInPlace: () => Object.getOwnPropertyDescriptor(target, property)?.value === replacement,
      restore: () => {
        if (original === undefined) Reflect.deleteProperty(target, property)
        else Object.defineProperty(target, property, original)
      },
    })
  }

  /** Takes charge of what is neither a method nor a value. */
  add(hook: Hook): void {
    this.#hooks.push(hook)
  }

  /** The names of the hooks that are not in their place any more. */
  replaced(): string[] {
    return this.#hooks.filter((hook) => !hook.isInPlace()).map(({ name }) => name)
  }

  /** Puts back what is still in its place, the last first. */
  restore(): void {
    for (const hook of this.#hooks.splice(0).reverse()) if (hook.isInPlace()) hook.restore()
  }
}

function isFunction(value: unknown): value is AnyFunction {
  return typeof value === 'function'
}

/** Name, length, and what else hangs on the function: `util.promisify.custom`, for one. */
function copyProperties(from: AnyFunction, to: AnyFunction): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key)
    if (descriptor?.configurable === true) Object.defineProperty(to, key, descriptor)
  }
}
