/** Creates a seeded pseudo-random number generator (mulberry32 by Tommy Ettinger, public domain). */
export const createRandom = (seed: number) => {
  let state = seed >>> 0
  /** Returns a number from 0 to 1, exclusive. */
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number) => Math.floor(next() * limit)
  const pick = <T>(list: readonly [T, ...T[]] | readonly T[]): T => {
    const picked = list[below(list.length)]
    if (picked === undefined) throw new RangeError('cannot pick from an empty list')
    return picked
  }
  /** Returns `count` distinct elements, or all if there are fewer. */
  const some = <T>(list: readonly T[], count: number): T[] => {
    const shuffled = [...list]
    for (let at = 0; at < Math.min(count, shuffled.length); at++) {
      const other = at + below(shuffled.length - at)
      ;[shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T]
    }
    return shuffled.slice(0, count)
  }
  return { next, below, pick, some, chance: (probability: number) => next() < probability }
}

export type Random = ReturnType<typeof createRandom>
