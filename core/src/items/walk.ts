import { itemId } from '../notification/ids.ts'
import type { Store } from '../store/port.ts'
import type { NamedItem } from '../store/ports/inbox.ts'
import type { NotificationProgress } from '../store/ports/notifications.ts'
import { createSequence, type Next, type Position, type Walked } from './sequence.ts'

/** Maximum reads of notifications per call, if they have few recipients. */
const READS = 4

/** Some recipients of a notification. `at`: as in `Position`. `first`: its first recipients. `context`: '' for none. */
export type Batch = {
  id: string
  at: number
  record: NotificationProgress | undefined
  context: string
  named: NamedItem[]
  first: boolean
}

/** Called with notifications before their recipients are read. A later call of the walk may pass one of them again. */
export type Begin = (notifications: readonly Pick<Batch, 'id' | 'record'>[]) => Promise<void>

/** `most`: the approximate maximum of recipients to return. `user`: only this recipient. */
type WalkOptions = { most: number; user?: string | undefined; begin?: Begin | undefined }

/** The list of recipients in the record comes first; pages of stored recipients start with `r`. */
const RECORD = ''
const STORED = 'r'

const itemOf = (tenant: string, { id, acceptedAt, deliverAt = 0 }: NotificationProgress, user: string) => ({
  ...{ user, id: itemId(tenant, id, user, Math.max(acceptedAt, deliverAt)) },
})

const namedIn = (tenant: string, record: NotificationProgress): NamedItem[] => {
  const { users = [], absent = [] } = record
  return [...new Set([...users, ...absent])].map((user) => itemOf(tenant, record, user))
}

/** Returns the item of a user; empty without a record, or if it names other recipients. */
const namedOf = (tenant: string, record: NotificationProgress | undefined, user: string): NamedItem[] => {
  if (!record) return []
  const { users, absent = [] } = record
  return !users || users.includes(user) || absent.includes(user) ? [itemOf(tenant, record, user)] : []
}

/**
 * Returns a function that walks the recipients of notifications, newest notification first, up to about `most` of them at a
 * time. Reads a bounded number of rows. A recipient may be found twice. `next` is absent at the end.
 */
export const createWalk = (store: Pick<Store, 'inbox' | 'notifications' | 'labelled'>) => {
  const following = createSequence(store)

  /** Returns up to `most` recipients of a notification, and where the next ones are. */
  const recipients = async (
    tenant: string,
    id: string,
    record: NotificationProgress | undefined,
    within: Position['within'],
    most: number,
  ): Promise<{ named: NamedItem[]; within?: Position['within'] }> => {
    const pageOf = async (page: string): Promise<{ named: NamedItem[]; next?: string }> => {
      if (page === RECORD) {
        const named = record ? namedIn(tenant, record) : []
        return record?.users ? { named } : { named, next: STORED }
      }
      const after = page === STORED ? undefined : page.slice(STORED.length)
      const { named, next } = await store.inbox.recipients(tenant, id, after)
      return { named, ...(next === undefined ? {} : { next: STORED + next }) }
    }
    const named: NamedItem[] = []
    let { page, skip } = within ?? { page: RECORD, skip: 0 }
    for (;;) {
      const found = await pageOf(page)
      const some = found.named.slice(skip, skip + most - named.length)
      named.push(...some)
      if (skip + some.length < found.named.length)
        return { named, within: { page, skip: skip + some.length } }
      if (found.next === undefined) return { named }
      page = found.next
      skip = 0
      if (named.length >= most) return { named, within: { page, skip } }
    }
  }

  return async (
    tenant: string,
    walked: Walked,
    position: Position | undefined,
    { most, user, begin }: WalkOptions,
  ): Promise<{ batches: Batch[]; next?: Position }> => {
    const batches: Batch[] = []
    let left = most
    const take = async (
      { at, id, context }: Next,
      record: NotificationProgress | undefined,
      within?: Position['within'],
    ): Promise<Position | undefined> => {
      const found =
        user === undefined
          ? await recipients(tenant, id, record, within, left)
          : { named: namedOf(tenant, record, user) }
      const known = record?.context ?? context ?? ''
      batches.push({ id, at, record, context: known, named: found.named, first: within === undefined })
      left -= Math.max(1, found.named.length)
      return found.within && { at, id, within: found.within }
    }
    let after = position
    if (position?.within) {
      const record = await store.notifications.get(tenant, position.id)
      const more = await take(position, record, position.within)
      if (more) return { batches, next: more }
      after = { at: position.at, id: position.id }
    }
    for (let reads = 0; reads < READS && left > 0; reads++) {
      const { found, next } = await following(tenant, walked, after)
      const records = await store.notifications.find(
        tenant,
        found.map(({ id }) => id),
      )
      const isWanted = ({ id, context: known }: Next) => {
        const record = records.get(id)
        const context = record ? (record.context ?? '') : known
        return walked.context === undefined || context === undefined || context === walked.context
      }
      const begun = found.filter(isWanted).slice(0, left)
      await begin?.(begun.map(({ id }) => ({ id, record: records.get(id) })))
      for (const each of found) {
        if (left <= 0) return { batches, ...(after ? { next: after } : {}) }
        after = { at: each.at, id: each.id }
        if (!isWanted(each)) continue
        const more = await take(each, records.get(each.id))
        if (more) return { batches, next: more }
      }
      if (!next) return { batches }
      after = next
    }
    return { batches, ...(after ? { next: after } : {}) }
  }
}

export type Walk = ReturnType<typeof createWalk>
