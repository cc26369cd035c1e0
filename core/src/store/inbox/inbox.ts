import type { Inbox, NamedItem } from '../ports/inbox.ts'
import { createChangeAll } from './change-all.ts'
import { changeRows } from './changes.ts'
import { effective } from './effective.ts'
import { createEvolve, createOfEntity } from './evolve.ts'
import { inboxItem } from './items.ts'
import { LIMITS } from './limits.ts'
import { createLists } from './lists.ts'
import { createRecall } from './recall.ts'
import { createRewrite } from './rewrite.ts'
import type { InboxRows } from './rows.ts'
import { createSettler } from './settle-marks.ts'

/** The most recipients that are looked through for one user: a few hundred milliseconds. */
const LOOKED_THROUGH = 100_000

/**
 * Implements inboxes over the rows of a database.
 *
 * - The row of an item determines its state. *Marks* record in constant time that all items were read, seen
 *   or archived at once.
 * - *Hints* let scans skip rows that are in no list. Missing hints are created again, and hints are never
 *   wrong.
 */
export const createInbox = (rows: InboxRows, limits = LIMITS): Inbox => {
  /** Yields the stored recipients of a notification, page by page. */
  async function* walk(tenant: string, notification: string): AsyncGenerator<NamedItem[]> {
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page: Awaited<ReturnType<InboxRows['recipients']>> = await rows.recipients(
        tenant,
        notification,
        after,
      )
      yield page.named
      after = page.next
    }
  }

  return {
    ...createLists(rows, limits),
    put: rows.put,
    evolve: createEvolve(rows),
    remove: rows.remove,
    changeAll: createChangeAll(rows, createSettler(rows, limits), limits),

    get: async (owner, ids) => {
      if (ids.length === 0) return []
      const now = Date.now()
      const [found, { marks }] = await Promise.all([rows.items(owner, ids, true), rows.guide(owner)])
      return found.flatMap((row) =>
        row.removed || row.expiresAt <= now || row.content === undefined
          ? []
          : [inboxItem(row, row.content, effective(row, marks, now))],
      )
    },

    change: async (owner, ids, changeFor) => {
      if (ids.length === 0) return []
      const [found, guide] = await Promise.all([rows.items(owner, ids, true), rows.guide(owner)])
      return changeRows(rows, owner, found, guide, changeFor, Date.now())
    },

    received: async ({ tenant, user }, notification) => {
      let looked = 0
      for await (const items of walk(tenant, notification)) {
        if (items.some((item) => item.user === user)) return true
        looked += items.length
        if (looked >= LOOKED_THROUGH) return undefined
      }
      return false
    },

    recalled: rows.recalled,
    recall: createRecall(rows),
    recipients: rows.recipients,
    ofEntity: createOfEntity(rows),
    rewrite: createRewrite(rows),
  }
}
