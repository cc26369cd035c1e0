import type { LivePosition } from '@carillon/schemas'
import type { Answer } from '../http/inbox-api.ts'
import { weight } from './counts.ts'
import { withChange } from './item-state.ts'
import { placeOf } from './query.ts'
import { counted, edit, lacks, type Op, type State } from './state.ts'

export const begin = (state: State, op: Op): State => ({ ...state, pending: [...state.pending, op] })

/** Takes an op back. */
export const drop = (state: State, op: Op): State => ({
  ...state,
  pending: state.pending.filter((other) => other !== op),
})

/** The op on top of what is known. */
const applyOp = <S extends Pick<State, 'items' | 'counts'>>(state: S, op: Op, now: number): S => {
  const next = edit(state, op.ids, (item) => op.change && withChange(item, op.change), now)
  const counts = { ...next.counts }
  for (const name of op.rest ?? []) {
    counts[name] = 0
    for (const item of next.items.values())
      if (placeOf(item) > op.end!) counts[name] += weight(item, now)[name]
  }
  if (op.rest?.length === 2) delete counts.more
  return { ...next, counts }
}

/**
 * Ends an op with the hub's answer. When live messages or a page came meanwhile (`since` is where they stood as the
 * call began), they may be newer than the answer: then only what the op itself says is certain.
 */
export const settle = (
  state: State,
  op: Op,
  { item, ids, counts }: Answer,
  since: LivePosition | null,
  now: number,
): State => {
  const next = applyOp(drop(state, op), ids ? { ...op, ids } : op, now)
  const unsure = lacks(state, op.ids)
  if (since !== state.last) return counted(next, next.counts, unsure || op.rest !== undefined)
  const items = item ? new Map(next.items).set(item.id, item) : next.items
  return counted({ ...next, items }, counts ?? next.counts, unsure)
}

/** What a person sees: the hub's side with every op that is under way. */
export const overlay = (state: State, now: number): State =>
  state.pending.reduce((seen, op) => applyOp(seen, op, now), state)
