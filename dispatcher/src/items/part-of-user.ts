import { type FoundItem, itemsOfUser } from '@carillon/core/items/found'
import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Batch } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import { onlyLooks, type Part } from './next-part.ts'
import { isUnfinished, PART, type Visit } from './visit.ts'

/** Returns the ids of notifications without items, whose step waits for the user. */
const waitingSteps = (batches: readonly Batch[]): string[] =>
  batches.flatMap(({ id, record, named }) =>
    record?.planned && record.inbox === 'none' && named.length > 0 ? [id] : [],
  )

/** Reports whether an item was replaced when the operation went through the inbox. */
const hasVersion = ({ item }: FoundItem, { verb, until }: OperationWork): boolean =>
  verb.kind === 'replace' && item.updatedAt !== undefined && Date.parse(item.updatedAt) === until

/** Creates the parts of an operation on the items of one user. A notification with an item in the inbox is visited once. */
export const createPartOfUser = (
  { recall, readTo, itemsOf, apply, batchesOf }: Visit,
  inbox: Pick<Store['inbox'], 'arrivals' | 'get'>,
) => {
  const partOf = async (
    tenant: string,
    work: OperationWork,
    found: readonly FoundItem[],
  ): Promise<Pick<Part, 'done' | 'found' | 'skipped' | 'settled' | 'users'>> => ({
    ...{ done: found.length, found: found.length, skipped: await apply(tenant, work, found) },
    settled: found.map(({ item }) => item.notification),
    users: found.length > 0 || !onlyLooks(work) ? [work.target.user!] : [],
  })

  return {
    /** Goes through the inbox. */
    inbox: async (tenant: string, user: string, work: OperationWork): Promise<Part> => {
      const { position, target } = work
      const before = position && { place: position.at, id: position.id }
      const { items, next } = await itemsOfUser(inbox, { tenant, user }, target, { before, limit: PART })
      return {
        ...(await partOf(
          tenant,
          work,
          items.map((item) => ({ user, item })),
        )),
        ...{ readTo: await readTo(work), unfinished: [] },
        ...(next ? { next: { at: next.place, id: next.id } } : {}),
      }
    },

    /** Goes through notifications. */
    notifications: async (tenant: string, user: string, work: OperationWork): Promise<Part> => {
      const read = await readTo(work)
      const { batches, next } = await batchesOf(tenant, work)
      if (work.verb.kind === 'recall') await recall.steps(tenant, user, waitingSteps(batches))
      const found = onlyLooks(work) ? [] : await itemsOf(tenant, batches, work.target)
      const part = await partOf(tenant, work, found)
      const done = found.filter((each) => !hasVersion(each, work)).length
      const unfinished = batches.flatMap(({ id, at, record }) =>
        at < read && isUnfinished(work, record) ? [id] : [],
      )
      return { ...part, done, found: done, readTo: read, unfinished, ...(next ? { next } : {}) }
    },
  }
}
