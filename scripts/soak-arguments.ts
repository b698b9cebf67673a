/**
 * The whole numbers of the command line, in the order of their defaults, which stand for those that were left
 * out. Anything else ends the process with 2: a soak of NaN calls would keep every promise.
 */
export function wholeNumbers<Name extends string>(
  usage: string,
  defaults: Readonly<Record<Name, number>>,
): Record<Name, number> {
  const given = process.argv.slice(2)
  const numbers: Record<Name, number> = { ...defaults }
  for (const [at, name] of (Object.keys(defaults) as Name[]).entries())
    numbers[name] = Number(given[at] ?? defaults[name])
  const usable = Object.values<number>(numbers).every((number) => Number.isSafeInteger(number) && number >= 0)
  if (!usable || given.length > Object.keys(defaults).length) {
    console.error(`Usage: ${usage}`)
    process.exit(2)
  }
  return numbers
}
