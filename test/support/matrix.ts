/**
 * Which cases of a matrix run. `npm test` (CI) runs a covering part, `npm run test:full` (TEST_FULL=1) the whole.
 */

/** The values of each column, by the column's name. */
export type Columns = Readonly<Record<string, readonly unknown[]>>

/** One case: a value for each column. */
export type Row<C extends Columns> = { readonly [Name in keyof C]: C[Name][number] }

/** Whether whole matrices and all seeds run. */
export const FULL = process.env['TEST_FULL'] === '1'

/** Every combination when `full`, otherwise enough rows that each value of each column occurs in one of them. */
export function everyValue<const C extends Columns>(columns: C, full = FULL): readonly Row<C>[] {
  return full ? product(columns) : cover(columns, 1)
}

/** Every combination when `full`, otherwise enough rows that each two values of different columns occur together. */
export function everyPair<const C extends Columns>(columns: C, full = FULL): readonly Row<C>[] {
  return full ? product(columns) : cover(columns, 2)
}

/** How many seeds of a soak run: all when `full`, otherwise ten at most. */
export function seedCount(all: number, full = FULL): number {
  return full ? all : Math.min(all, 10)
}

function product<C extends Columns>(columns: C): Row<C>[] {
  let rows: Record<string, unknown>[] = [{}]
  for (const [name, values] of Object.entries(columns))
    rows = rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value })))
  return rows as Row<C>[]
}

/** What a row covers: its values, or its pairs of values. */
function covered(row: Row<Columns>, columns: Columns, strength: 1 | 2): readonly string[] {
  const values = Object.entries(columns).map(([name, all]) => `${name}:${all.indexOf(row[name])}`)
  if (strength === 1) return values
  return values.flatMap((one, at) => values.slice(at + 1).map((other) => `${one} ${other}`))
}

/** Greedy: each row is the one that covers the most of what is left, the first of equals. The same on each run. */
function cover<C extends Columns>(columns: C, strength: 1 | 2): Row<C>[] {
  const all = product(columns).map((row) => ({ row, covers: covered(row, columns, strength) }))
  const left = new Set(all.flatMap(({ covers }) => covers))
  const rows: Row<C>[] = []
  while (left.size > 0) {
    const gain = ({ covers }: { readonly covers: readonly string[] }): number =>
      covers.filter((one) => left.has(one)).length
    const best = all.reduce((one, other) => (gain(other) > gain(one) ? other : one))
    for (const one of best.covers) left.delete(one)
    rows.push(best.row)
  }
  return rows
}
