import { type FoundItem, itemsOfUser } from '@carillon/core/items/found'
import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Batch } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import { findsUnfinishedOnly, type Part } from './next-part.ts'
import { isUnfinished, PART_INBOXES, type PartActions } from './part-actions.ts'

/** Returns the ids of notifications without items that may have a waiting step of the user. */
const waitingSteps = (batches: readonly Batch[]): string[] =>
  batches.flatMap(({ id, record, named }) =>
    record?.planned && record.inbox === 'none' && named.length > 0 ? [id] : [],
  )

/** Reports whether this operation has already replaced an item. */
const hasVersion = ({ item }: FoundItem, { verb, until }: OperationWork): boolean =>
  verb.kind === 'replace' && item.updatedAt !== undefined && Date.parse(item.updatedAt) === until

/** Creates the parts of an operation on the items of one user. Notifications whose item was found are not checked again. */
export const createPartForOneUser = (
  { recall, watermark, itemsOf, apply, batchesOf }: PartActions,
  inbox: Pick<Store['inbox'], 'arrivals' | 'get'>,
) => {
  const partOf = async (
    tenant: string,
    work: OperationWork,
    found: readonly FoundItem[],
  ): Promise<Pick<Part, 'done' | 'found' | 'skipped' | 'finished' | 'users'>> => ({
    ...{ done: found.length, found: found.length, skipped: await apply(tenant, work, found) },
    finished: found.map(({ item }) => item.notification),
    users: found.length > 0 || !findsUnfinishedOnly(work) ? [work.target.user!] : [],
  })

  return {
    /** Handles a page of the inbox. */
    inbox: async (tenant: string, user: string, work: OperationWork): Promise<Part> => {
      const { position, target } = work
      const before = position && { place: position.at, id: position.id }
      const { items, next } = await itemsOfUser(inbox, { tenant, user }, target, {
        before,
        limit: PART_INBOXES,
      })
      return {
        ...(await partOf(
          tenant,
          work,
          items.map((item) => ({ user, item })),
        )),
        ...{ watermark: await watermark(work), unfinished: [] },
        ...(next ? { next: { at: next.place, id: next.id } } : {}),
      }
    },

    /** Handles some notifications. */
    notifications: async (tenant: string, user: string, work: OperationWork): Promise<Part> => {
      const read = await watermark(work)
      const { batches, next } = await batchesOf(tenant, work)
      const now = Date.now()
      if (work.verb.kind === 'recall') await recall.steps(tenant, user, waitingSteps(batches))
      const found = findsUnfinishedOnly(work) ? [] : await itemsOf(tenant, batches, work.target)
      const part = await partOf(tenant, work, found)
      const done = found.filter((each) => !hasVersion(each, work)).length
      const unfinished = batches.flatMap(({ id, at, record }) =>
        at < read && isUnfinished(work, record, now) ? [id] : [],
      )
      return { ...part, done, found: done, watermark: read, unfinished, ...(next ? { next } : {}) }
    },
  }
}
