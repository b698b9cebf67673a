/** One thing that an installation has replaced. */
interface Hook {
  readonly name: string
  readonly isInPlace: () => boolean
  readonly restore: () => void
}

/** Any function: the hooks pass arguments on as they come. */
type AnyFunction = (this: unknown, ...values: unknown[]) => unknown

/**
 * What stands in the place of a method.
 *
 * @param self what the method is called on
 * @param pass calls the original, with the same arguments unless it is given others
 */
export type Replacement = (
  self: unknown,
  values: readonly unknown[],
  pass: (others?: readonly unknown[]) => unknown,
) => unknown

/**
 * The properties that an installation has replaced. Each is put back by its descriptor, and only while it is still the
 * one that was put there: other code may have wrapped it since, and then the replacement only passes calls on.
 */
export class Hooks {
  readonly #hooks: Hook[] = []

  /**
   * Replaces a method. Where there is none, nothing happens.
   *
   * @param name what {@link replaced} calls it
   */
  method(name: string, target: object, property: PropertyKey, run: Replacement): void {
    const original: unknown = Reflect.get(target, property)
    if (typeof original !== 'function') return
    const replacement: AnyFunction = function (...values) {
      return run(this, values, (others = values) => Reflect.apply(original, this, others))
    }
    // Code that looks at the name or the number of parameters of a function sees those of the original.
    copyProperties(original, replacement)
    this.value(name, target, property, replacement)
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

/** What a Proxy of a class makes in place of the class. */
export function construct(
  target: new (...values: never[]) => object,
  values: readonly unknown[],
  newTarget: unknown,
): object {
  const made: unknown = Reflect.construct(
    target,
    values,
    typeof newTarget === 'function' ? newTarget : target,
  )
  if (typeof made === 'object' && made !== null) return made
  throw new TypeError('A class makes objects')
}

/** Name, length, and what else hangs on the function: `util.promisify.custom`, for one. */
function copyProperties(from: object, to: object): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key)
    if (descriptor?.configurable === true) Object.defineProperty(to, key, descriptor)
  }
}
