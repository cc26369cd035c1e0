import type { InboxContent } from '@carillon/schemas'
import { slices } from '../../group-by.ts'
import type { Inbox, NamedItem } from '../ports/inbox.ts'
import type { InboxRows, Row } from './rows.ts'

/** Items that are removed at the same time. */
const AT_ONCE = 100

/** Reports whether an item exists and belongs to the notification, recalled or not. */
const belongs = (row: Row, notification: string): boolean => {
  if (row.expiresAt <= Date.now()) return false
  if (row.recalled) return true
  if (row.removed || row.content === undefined) return false
  return (JSON.parse(row.content) as InboxContent).notification === notification
}

export const createRecall =
  (rows: InboxRows): Inbox['recall'] =>
  async (tenant, notification, named) => {
    const removed: NamedItem[] = []
    for (const some of slices(named, AT_ONCE))
      await Promise.all(
        some.map(async ({ user, id }) => {
          const owner = { tenant, user }
          const [row] = await rows.items(owner, [id], true)
          if (!row || !belongs(row, notification)) return
          await rows.remove(owner, [id])
          removed.push({ user, id })
        }),
      )
    return removed
  }
