import type { ItemLabels } from '@carillon/schemas'

const NONE: ItemLabels = {}

/** The last labels are cached, because adjacent items mostly have the same ones. */
let last: { json: string; labels: ItemLabels } = { json: '{}', labels: NONE }

/** Returns labels from their stored JSON, which is null for an item without labels. Do not change the result: it is shared. */
export const parseLabels = (json: string | null): ItemLabels => {
  if (json === null) return NONE
  if (json !== last.json) last = { json, labels: JSON.parse(json) as ItemLabels }
  return last.labels
}
