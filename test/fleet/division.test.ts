import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { divide, surplus } from '../../src/fleet/division.js'

/** A fleet on paper: who has which shard. */
type Owners = Map<string, number[]>

const NAMES = Array.from({ length: 12 }, (_, index) => `member-${String(index).padStart(2, '0')}`)

/** What the members and the store do until nothing moves any more; the number of shards that changed hands. */
function settle(owners: Owners, free: number[], count: number): number {
  let moves = 0
  for (let round = 0; round < 10; round += 1) {
    const members = [...owners].map(([member, shards]) => ({ member, held: shards.length }))
    const quotas = divide(members, count)
    let isQuiet = true
    for (const [member, shards] of owners) {
      const given = surplus(shards, quotas.get(member)!)
      free.push(...given)
      owners.set(
        member,
        shards.filter((shard) => !given.includes(shard)),
      )
      isQuiet &&= given.length === 0
    }
    free.sort((a, b) => a - b)
    for (const [member, shards] of owners) {
      const taken = free.splice(0, Math.max(0, quotas.get(member)! - shards.length))
      moves += taken.length
      shards.push(...taken)
      isQuiet &&= taken.length === 0
    }
    if (isQuiet) return moves
  }
  throw new Error('the division does not come to rest')
}

const changes = fc.array(fc.record({ name: fc.constantFrom(...NAMES), joins: fc.boolean() }), {
  minLength: 1,
  maxLength: 30,
})

describe('the division of the shards', () => {
  it('is complete, even and moves as few shards as can be, when members join and leave', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), changes, (count, steps) => {
        const owners: Owners = new Map()
        const free = Array.from({ length: count }, (_, shard) => shard)
        for (const { name, joins } of steps) {
          if (joins === owners.has(name)) continue
          if (joins) owners.set(name, [])
          else {
            free.push(...owners.get(name)!)
            owners.delete(name)
          }
          if (owners.size === 0) continue
          const before = [...owners.values()].map((shards) => shards.length)
          const moves = settle(owners, free, count)
          const loads = [...owners.values()].map((shards) => shards.length)
          expect(new Set([...owners.values()].flat()).size).toBe(count)
          expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
          expect(moves).toBe(fewest(before, count))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is the same for every member, in whatever order it reads the list', () => {
    const lists = fc.array(fc.record({ member: fc.constantFrom(...NAMES), held: fc.nat(50) }), {
      minLength: 1,
    })
    fc.assert(
      fc.property(lists, fc.integer({ min: 1, max: 500 }), (list, count) => {
        const members = [...new Map(list.map((one) => [one.member, one])).values()]
        const other = divide([...members].reverse(), count)
        for (const [member, quota] of divide(members, count)) expect(other.get(member)).toBe(quota)
      }),
    )
  })
})

/** The least that has to move: what is missing to the best even division. */
function fewest(held: readonly number[], count: number): number {
  const least = Math.floor(count / held.length)
  const extra = count % held.length
  const targets = [...held].sort((a, b) => b - a).map((_, index) => least + (index < extra ? 1 : 0))
  const sorted = [...held].sort((a, b) => b - a)
  return targets.reduce((sum, target, index) => sum + Math.max(0, target - sorted[index]!), 0)
}
