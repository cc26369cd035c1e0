import type { LivePosition } from '@carillon/schemas'
import type { Answer } from '../http/actions-api.ts'
import { weight } from './counts.ts'
import { withChange } from './item-state.ts'
import { placeOf } from './query.ts'
import { counted, edit, lacks, type Operation, type State } from './state.ts'

export const begin = (state: State, operation: Operation): State => ({
  ...state,
  pending: [...state.pending, operation],
})

/** Undoes a pending operation. */
export const drop = (state: State, operation: Operation): State => ({
  ...state,
  pending: state.pending.filter((other) => other !== operation),
})

/** Applies the operation to the known items and their counts. */
const applyOperation = <S extends Pick<State, 'items' | 'counts'>>(
  state: S,
  operation: Operation,
  now: number,
): S => {
  const next = edit(
    state,
    operation.ids,
    (item) => operation.change && withChange(item, operation.change),
    now,
  )
  const counts = { ...next.counts }
  for (const name of operation.rest ?? []) {
    counts[name] = 0
    for (const item of next.items.values())
      if (placeOf(item) > operation.end!) counts[name] += weight(item, now)[name]
  }
  if (operation.rest?.length === 2) delete counts.more
  return { ...next, counts }
}

/**
 * Completes an operation with the hub's answer. `since` is the live position at the start of the request: if it has moved,
 * the state may be newer than the answer, so only the change of the operation itself is applied.
 */
export const settle = (
  state: State,
  operation: Operation,
  { item, ids, counts }: Answer,
  since: LivePosition | null,
  now: number,
): State => {
  const next = applyOperation(drop(state, operation), ids ? { ...operation, ids } : operation, now)
  const unsure = lacks(state, operation.ids)
  if (since !== state.last) return counted(next, next.counts, unsure || operation.rest !== undefined)
  // The answer has no summary of the group.
  const items = item && !item.group ? new Map(next.items).set(item.id, item) : next.items
  return counted({ ...next, items }, counts ?? next.counts, unsure)
}

/** Returns the state with every pending operation applied. */
export const overlay = (state: State, now: number): State =>
  state.pending.reduce((seen, operation) => applyOperation(seen, operation, now), state)
