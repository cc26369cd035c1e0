import type { OperationWork } from '@carillon/core/items/operation-work'
import type { Batch } from '@carillon/core/items/walk'
import type { Part } from './next-part.ts'
import { isUnfinished, type PartActions } from './part-actions.ts'

/**
 * Returns a function that handles notifications for all their recipients. It counts a notification that is checked several
 * times only in the last check.
 */
export const createPartForAllUsers =
  ({ recall, amend, watermark, itemsOf, apply, batchesOf }: PartActions) =>
  async (tenant: string, work: OperationWork): Promise<Part> => {
    const read = await watermark(work)
    const { batches, next } = await batchesOf(tenant, work)
    // Read once, so that a notification that is about to become due is either amended or checked again.
    const now = Date.now()
    const unfinished = batches.flatMap(({ id, first, at, record }) =>
      first && at < read && isUnfinished(work, record, now) ? [id] : [],
    )
    const open = new Set([...unfinished, ...work.unfinished])
    const isLast = ({ id, at }: Batch) => at < read && !open.has(id)
    const users = [...new Set(batches.flatMap(({ named }) => named.map(({ user }) => user)))]
    const part = {
      ...{ watermark: read, done: 0, found: 0, unfinished, finished: [], users },
      ...(next && { next }),
    }
    for (const batch of batches.filter(isLast)) {
      if (batch.first) part.found += Math.max(batch.record?.recipients ?? 0, batch.named.length)
      part.done += batch.named.length
    }
    if (work.verb.kind === 'recall') {
      await recall.batches(tenant, batches)
      return { ...part, skipped: 0 }
    }
    // Amendments come first, because a notification may become due during the other changes.
    const full = await amend(tenant, work, batches, now)
    const last = await itemsOf(tenant, batches.filter(isLast), work.target)
    const again = await itemsOf(
      tenant,
      batches.filter((batch) => !isLast(batch)),
      work.target,
    )
    const skipped = await apply(tenant, work, last)
    await apply(tenant, work, again)
    return { ...part, skipped: skipped + full }
  }
