import type { SlotAnswer, SlotRequest } from '../ports/throttles.ts'

/** The takers of a key's slots, with when each slot is free again, epoch ms. */
export type Takers = ReadonlyMap<string, number>

/**
 * Returns the takers of a key after some requests for its slots, without those whose slots are free again, and the answers in
 * order. Undefined if the requests change nothing that is stored. Pure.
 */
export const takeSlots = (
  before: Takers,
  requests: readonly SlotRequest[],
): { takers: Takers | undefined; answers: SlotAnswer[] } => {
  const takers = new Map(before)
  let changed = false
  const answers = requests.map(({ taker, limit, until, now }): SlotAnswer => {
    const own = takers.get(taker)
    if (own !== undefined && own > now) return { taken: true, until: own }
    const ends = [...takers.values()].filter((end) => end > now)
    if (ends.length >= limit) {
      ends.sort((one, other) => one - other)
      // A limit that was lowered leaves more takers than slots.
      return { taken: false, until: ends[ends.length - limit]! }
    }
    for (const [each, end] of takers) if (end <= now) takers.delete(each)
    takers.set(taker, until)
    changed = true
    return { taken: true, until }
  })
  return { takers: changed ? takers : undefined, answers }
}

/** Returns when the last slot is free, epoch ms. */
export const lastFree = (takers: Takers): number => Math.max(0, ...takers.values())

export const writeTakers = (takers: Takers): string => JSON.stringify([...takers])
export const readTakers = (text: string | undefined): Takers =>
  new Map(text === undefined ? [] : (JSON.parse(text) as [string, number][]))
