import type { MemberLoad } from './store.js'

/**
 * How many shards each member is to have: the same for all but one more for some, and those have the most already. So
 * the fewest shards move. Every member comes to the same answer from the same list.
 */
export function divide(members: readonly MemberLoad[], count: number): ReadonlyMap<string, number> {
  const least = members.length === 0 ? 0 : Math.floor(count / members.length)
  const extra = members.length === 0 ? 0 : count % members.length
  const byLoad = [...members].sort(
    (a, b) => b.held - a.held || (a.member < b.member ? -1 : a.member > b.member ? 1 : 0),
  )
  return new Map(byLoad.map(({ member }, index) => [member, least + (index < extra ? 1 : 0)]))
}

/** Which of its shards a member gives up: the highest, which identify last. */
export function surplus(held: readonly number[], quota: number): readonly number[] {
  const excess = Math.max(0, held.length - quota)
  return excess === 0 ? [] : [...held].sort((a, b) => a - b).slice(-excess)
}
