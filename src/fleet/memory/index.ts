import { createFleet, type Fleet } from '../fleet.js'
import { FleetMemory } from './memory-store.js'

/**
 * A member of a fleet whose members are in this process: for tests, and as an example of a store. Each call makes another
 * member; those with the same memory are one fleet.
 *
 * @param memory default: one of its own, so that the member is alone
 */
export function memoryFleet(memory: FleetMemory = new FleetMemory()): Fleet {
  return createFleet(memory.store())
}
