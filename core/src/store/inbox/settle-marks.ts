import { setTimeout as sleep } from 'node:timers/promises'
import type { InboxPlace, Owner } from '../ports/inbox.ts'
import { marked } from './effective.ts'
import type { Limits } from './limits.ts'
import { above } from './places.ts'
import type { InboxRows, LogPage, Mark, Row, RowChange, StateCells } from './rows.ts'

const CHUNK = 500

/** Returns the cells that marks imply for a row; undefined if there are none. */
const settledOf = (row: Row, marks: readonly Mark[]): Partial<StateCells> | undefined => {
  const state = marked(row, marks)
  const settled: Partial<StateCells> = {}
  let any = false
  for (const cell of ['archivedAt', 'readAt', 'seenAt'] as const) {
    if (state[cell] === null || (row.cells[cell] ?? 0) > 0) continue
    settled[cell] = state[cell]
    any = true
  }
  return any ? settled : undefined
}

/** Writes the oldest marks into the items that they cover, then removes the marks. Idempotent. */
const settle = async (rows: InboxRows, owner: Owner, oldest: readonly Mark[], callMs: number) => {
  const floor = Math.max(...oldest.map((mark) => mark.floor))
  let below: InboxPlace | undefined = above(floor)
  while (below) {
    const { rows: some, next }: LogPage = await rows.log(owner, {
      below,
      limit: CHUNK,
      contents: 0,
    })
    const changes = some.flatMap((row): RowChange[] => {
      const settled = row.removed ? undefined : settledOf(row, oldest)
      const { place, id, cells: from } = row
      // Each mark alone would be earlier; the latest of the removed marks is still earlier than any change
      // since.
      return settled ? [{ place, id, cells: {}, settled, from, settledAt: oldest.at(-1)!.at }] : []
    })
    if (changes.length > 0) await rows.change(owner, changes)
    below = next
  }
  // By then, every reader that read the items before they were written has also read the marks.
  await sleep(callMs, undefined, { ref: false })
  await rows.removeMarks(owner, oldest)
}

/**
 * Limits the number of marks. Above the limit, the older half is written into the items in the background. If
 * that fails, the next mark triggers another attempt.
 */
export const createSettler = (rows: InboxRows, { marks: most, callMs }: Limits) => {
  const running = new Set<string>()
  return (owner: Owner, marks: readonly Mark[]): void => {
    const key = JSON.stringify([owner.tenant, owner.user])
    if (marks.length <= most || running.has(key)) return
    running.add(key)
    settle(rows, owner, marks.slice(0, Math.ceil(most / 2)), callMs)
      .catch(() => {})
      .finally(() => running.delete(key))
  }
}
