import { inspect, type InspectOptions } from 'node:util'

/**
 * Freezes a record and hides its secret fields: JSON, spread and `Object.keys` see enumerable fields only, and the
 * hidden ones are getters, which `util.inspect` calls only if it is asked to. For that case the record has an
 * inspection of its own.
 */
export function conceal<T extends object>(record: T, secrets: readonly (keyof T)[]): Readonly<T> {
  for (const name of secrets) {
    const value = record[name]
    Object.defineProperty(record, name, { enumerable: false, get: () => value })
  }
  const show = (_depth: number, options: InspectOptions): string => inspect({ ...record }, options)
  Object.defineProperty(record, inspect.custom, { value: show })
  return Object.freeze(record)
}
