import { inspect, type InspectOptions } from 'node:util'

/**
 * A record with secret fields. A subclass keeps them in private fields and offers them through getters of
 * its prototype: JSON, spread, `Object.keys` and the plain `util.inspect` see own enumerable fields only.
 *
 * With `showHidden` and `getters` together `util.inspect` would still call those getters, hence the custom
 * inspection here.
 */
export abstract class SecretHolder {
  /** @internal */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspect(Object.fromEntries(Object.entries(this)), options)
  }
}
