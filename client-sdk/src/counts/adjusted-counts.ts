import type { Counts } from '@carillon/schemas'
import { NONE, sameCounts, shifted, weight } from '../inbox/counts.ts'
import { type Maybe, placeOf } from '../inbox/query.ts'
import type { Items } from '../inbox/state.ts'
import type { CountLabel } from './counts-by.ts'

const valuesOf = (label: CountLabel, item: Maybe): readonly string[] => {
  if (label === 'tag') return item?.tags ?? []
  if (label === 'context') return item ? [item.context ?? ''] : []
  return item?.category === undefined ? [] : [item.category]
}

/**
 * Returns counts by label after the items changed from `before` to `after`. Older items that were only loaded are already
 * counted. Returns `counts` itself if nothing changed. Pure.
 */
export const adjustedCounts = (
  label: CountLabel,
  counts: ReadonlyMap<string, Counts>,
  before: Items,
  after: Items,
  now: number,
): ReadonlyMap<string, Counts> => {
  let top = ''
  for (const item of before.values()) if (placeOf(item) > top) top = placeOf(item)
  // No item was known, so it is unknown which ones were counted.
  if (top === '') return counts
  const next = new Map(counts)
  let isChanged = false
  for (const [id, item] of after) {
    const known = before.get(id)
    if (item === known || (known === undefined && placeOf(item) <= top)) continue
    const [from, to] = [weight(known, now), weight(item, now)]
    if (sameCounts(from, to)) continue
    isChanged = true
    for (const value of valuesOf(label, item ?? known))
      next.set(value, shifted(next.get(value) ?? NONE, from, to))
  }
  return isChanged ? next : counts
}
