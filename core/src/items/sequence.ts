import type { ItemSelection } from '@carillon/schemas'
import type { Store } from '../store/port.ts'
import { labelOf } from './labels.ts'

/** Maximum notifications per read. */
const TOGETHER = 50

/**
 * Where a walk continues: after a notification; or `within` its recipients, after `skip` of a page. `at`: when the notification
 * was accepted, epoch ms, or its index in a list of ids.
 */
export type Position = { at: number; id: string; within?: { page: string; skip: number } | undefined }

/**
 * The notifications to walk: those with these ids, or of an entity or tag, or all of a tenant. Of an entity or tag, only those
 * accepted at `since` or later, and before `until` (epoch ms).
 */
export type Walked = Pick<ItemSelection, 'entity' | 'tag' | 'context'> & {
  ids?: readonly string[] | undefined
  since?: number | undefined
  until?: number
}

/** A notification of a walk. `at`: as in `Position`. */
export type Next = { at: number; id: string; context?: string }

/** Returns a function that reads the next notifications of a walk. `next`: where the walk continues, if it has not ended. */
export const createSequence =
  (store: Pick<Store, 'notifications' | 'labelled'>) =>
  async (
    tenant: string,
    { ids, since = 0, until = Number.MAX_SAFE_INTEGER, ...target }: Walked,
    after: Position | undefined,
  ): Promise<{ found: Next[]; next?: Position }> => {
    if (ids) {
      const from = after ? after.at + 1 : 0
      const found = ids.slice(from, from + TOGETHER).map((id, index) => ({ at: from + index, id }))
      const last = found.at(-1)
      return { found, ...(last && last.at + 1 < ids.length ? { next: last } : {}) }
    }
    const label = labelOf(target)
    if (label === undefined) {
      const before = after && { at: after.at, id: after.id }
      const { notifications, next } = await store.notifications.list(tenant, { before, limit: TOGETHER })
      const found = notifications.map(({ acceptedAt, id }) => ({ at: acceptedAt, id }))
      return { found, ...(next ? { next } : {}) }
    }
    const before = after ? { at: after.at, notification: after.id } : { at: until, notification: '' }
    const page = await store.labelled.list(tenant, label, { before, limit: TOGETHER })
    const found = page.found
      .map(({ at, notification: id, context }) => ({ at, id, context }))
      .filter(({ at }) => at >= since)
    const isOver = found.length < page.found.length || (page.next?.at ?? 0) < since
    return {
      found,
      ...(page.next && !isOver ? { next: { at: page.next.at, id: page.next.notification } } : {}),
    }
  }
