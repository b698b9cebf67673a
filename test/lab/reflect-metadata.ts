/**
 * The three functions of the Reflect Metadata proposal that tsyringe asks for, and without which
 * `@peculiar/x509` refuses to load. Import it before that package. A polyfill that is already there stays.
 */
type Key = string | symbol

const store = new WeakMap<object, Map<Key, unknown>>()

function getOwnMetadata(key: Key, target: object): unknown {
  return store.get(target)?.get(key)
}

function getMetadata(key: Key, target: object): unknown {
  for (let owner: object | null = target; owner !== null; owner = Reflect.getPrototypeOf(owner)) {
    const metadata = store.get(owner)
    if (metadata?.has(key)) return metadata.get(key)
  }
  return undefined
}

function defineMetadata(key: Key, value: unknown, target: object): void {
  const metadata = store.get(target) ?? new Map<Key, unknown>()
  store.set(target, metadata.set(key, value))
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata, getOwnMetadata, defineMetadata })
}
