import { createBatchItems, type FoundItem } from '@carillon/core/items/found'
import type { OperationWork } from '@carillon/core/items/operation-work'
import { type Batch, createWalk } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import { createAmend, isDueSoon } from './amend.ts'
import { createMark, type MarkPorts } from './mark.ts'
import { createRecall, type RecallPorts } from './recall.ts'
import { createReplace, type ReplacePorts } from './replace.ts'
import { createWatermark } from './watermark.ts'

/** Maximum inboxes of a part of an operation: as many as a chunk of a fan-out has. */
export const PART_INBOXES = 500

export type PartActionPorts = RecallPorts &
  MarkPorts &
  ReplacePorts & {
    store: Pick<Store, 'inbox' | 'users' | 'notifications' | 'labelled'>
    stream: Pick<Stream, 'waiting'>
  }

/**
 * Reports whether items of a notification may still be stored after this part. A recall for all users only waits for
 * notifications without a record, because later items of the others are removed when they are stored.
 */
export const isUnfinished = (
  { verb, target }: OperationWork,
  record: Batch['record'],
  now: number,
): boolean => {
  if (verb.kind === 'mark') return false
  const isStopped = verb.kind === 'recall' && target.user === undefined
  return record === undefined || (!isStopped && (record.state === 'delivering' || isDueSoon(record, now)))
}

/** Creates the functions that read and change items for a part. Each is repeatable. */
export const createPartActions = (ports: PartActionPorts) => {
  const walk = createWalk(ports.store)
  const recall = createRecall(ports)
  const mark = createMark(ports)
  const replace = createReplace(ports)
  return {
    recall,
    amend: createAmend(ports.store.notifications),
    watermark: createWatermark(ports.stream),
    itemsOf: createBatchItems(ports.store.inbox),

    /** Applies the verb to items. Resolves with the number of skipped ones. */
    apply: async (tenant: string, { verb, until }: OperationWork, found: readonly FoundItem[]) => {
      if (verb.kind === 'recall') await recall.items(tenant, found)
      if (verb.kind === 'mark') await mark(tenant, found, verb.marks)
      return verb.kind === 'replace' ? replace(tenant, found, verb, until) : 0
    },

    /** Returns the next notifications of a walk or check. A recall for all users ends them first. */
    batchesOf: (tenant: string, { phase, target, since, until, verb, position, ids }: OperationWork) => {
      const { notification, user } = target
      const named = notification === undefined ? undefined : [notification]
      const walked = { ...target, since, until, ids: phase === 'recheck' ? ids : named }
      const ends = verb.kind === 'recall' && user === undefined
      return walk(tenant, walked, position, {
        ...{ most: PART_INBOXES, user },
        begin: ends ? (some) => recall.begin(tenant, some) : undefined,
      })
    },
  }
}

export type PartActions = ReturnType<typeof createPartActions>
