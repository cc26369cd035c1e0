import { createBatchItems, type FoundItem, itemsOfUser } from '@carillon/core/items/found'
import { type OperationWork, operationMessage } from '@carillon/core/items/operation-work'
import type { Position } from '@carillon/core/items/sequence'
import { type Batch, type Begin, createWalk } from '@carillon/core/items/walk'
import type { Store } from '@carillon/core/store/port'
import { createMark, type MarkPorts } from './mark.ts'
import { createRecall, type RecallPorts } from './recall.ts'
import { createReplace, type ReplacePorts } from './replace.ts'

/** Inboxes that a part of an operation handles: as many as a chunk of a fan-out. */
const PART = 500
/** Maximum number of notifications that an operation visits again because their items were still being stored. */
const UNFINISHED_MAX = 1_000
/** Pauses between these visits, in ms, doubled each time. */
const PAUSE_MS = 250
const PAUSE_MAX_MS = 30_000
/** Time in which these visits begin, in ms: longer than a dispatcher needs for a notification, or for a fan-out. */
const AGE_MAX_MS = { recall: 600_000, mark: 0, replace: 3_600_000 } as const

export type OperatePorts = RecallPorts &
  MarkPorts &
  ReplacePorts & {
    store: Pick<Store, 'inbox' | 'users' | 'notifications' | 'labelled' | 'operations'>
  }

/** The result of a part. `next`: where the next one continues. */
type Part = { next?: Position; done: number; found: number; skipped: number; unfinished: string[] }

/**
 * Reports whether items of a notification may be stored after the operation looked for them. A recall visits only
 * notifications without a record again: the items of others are removed as they are stored.
 */
const isUnfinished = ({ verb }: OperationWork, { record }: Batch): boolean => {
  if (verb.kind === 'mark') return false
  return record === undefined || (verb.kind === 'replace' && record.state === 'delivering')
}

const pauseOf = (round: number): number => Math.min(PAUSE_MAX_MS, PAUSE_MS * 2 ** Math.min(round, 16))

/**
 * Returns a function that handles one part of an operation on delivered items, records its progress, and appends the next part
 * to the log. Repeatable. After the last notification, it visits those again whose items were still being stored.
 */
export const createOperate = (ports: OperatePorts) => {
  const { store, stream } = ports
  const walk = createWalk(store)
  const itemsOf = createBatchItems(store.inbox)
  const recall = createRecall(ports)
  const mark = createMark(ports)
  const replace = createReplace(ports)

  /** Applies the verb to items. Resolves with the number of skipped ones. */
  const apply = async (tenant: string, { verb, until }: OperationWork, found: readonly FoundItem[]) => {
    if (verb.kind === 'recall') await recall.items(tenant, found)
    if (verb.kind === 'mark') await mark(tenant, found, verb.marks)
    return verb.kind === 'replace' ? replace(tenant, found, verb, until) : 0
  }

  const partOfUser = async (tenant: string, user: string, work: OperationWork): Promise<Part> => {
    const { position, target, verb } = work
    if (!position && verb.kind === 'recall' && target.notification !== undefined)
      await recall.step(tenant, target.notification, user)
    const before = position && { place: position.at, id: position.id }
    const { items, next } = await itemsOfUser(store.inbox, { tenant, user }, target, { before, limit: PART })
    const skipped = await apply(
      tenant,
      work,
      items.map((item) => ({ user, item })),
    )
    const { length } = items
    return {
      ...{ done: length, found: length, skipped, unfinished: [] },
      ...(next ? { next: { at: next.place, id: next.id } } : {}),
    }
  }

  const partOfAll = async (tenant: string, work: OperationWork): Promise<Part> => {
    const { ids, until, target, verb } = work
    const walked = { ...target, until, ids }
    const begin: Begin | undefined = verb.kind === 'recall' ? (each) => recall.begin(tenant, each) : undefined
    const { batches, next } = await walk(tenant, walked, work.position, PART, begin)
    const part: Part = { done: 0, found: 0, skipped: 0, unfinished: [], ...(next ? { next } : {}) }
    const found: Record<'settled' | 'unfinished', FoundItem[]> = { settled: [], unfinished: [] }
    const isOpen = (id: string) => part.unfinished.includes(id) || work.unfinished.includes(id)
    for (const batch of batches) {
      if (batch.first && isUnfinished(work, batch)) part.unfinished.push(batch.id)
      if (batch.first) part.found += Math.max(batch.record?.recipients ?? 0, batch.named.length)
      part.done += batch.named.length
      if (verb.kind === 'recall') continue
      found[isOpen(batch.id) ? 'unfinished' : 'settled'].push(...(await itemsOf(tenant, batch, target)))
    }
    if (verb.kind === 'recall') await recall.batches(tenant, batches)
    else {
      part.skipped = await apply(tenant, work, found.settled)
      // Their skipped items are counted in the last visit.
      await apply(tenant, work, found.unfinished)
    }
    return part
  }

  return async (tenant: string, work: OperationWork): Promise<void> => {
    const { user } = work.target
    const part = user === undefined ? await partOfAll(tenant, work) : await partOfUser(tenant, user, work)
    // Notifications that are visited again are counted already.
    const counts = work.round === 0 ? part : { done: 0, found: 0 }
    const done = work.done + counts.done
    const unfinished = [...new Set([...work.unfinished, ...part.unfinished])].slice(0, UNFINISHED_MAX)
    const { position: _, ...rest } = work
    const reached: OperationWork = {
      ...{ ...rest, unfinished, step: work.step + 1, done },
      total: Math.max(done, work.total + counts.found),
      skipped: work.skipped + part.skipped,
    }
    const again =
      !part.next && unfinished.length > 0 && Date.now() < work.createdAt + AGE_MAX_MS[work.verb.kind]
    const finished = !part.next && !again
    const { step, total, skipped } = reached
    await store.operations.progress(tenant, work, {
      ...{ step, finished, done, skipped },
      total: finished ? done : total,
    })
    if (part.next) await stream.publish([operationMessage(tenant, { ...reached, position: part.next })])
    if (again) {
      const round = { ...reached, ids: unfinished, unfinished: [], round: work.round + 1 }
      await stream.publish([operationMessage(tenant, round, Date.now() + pauseOf(work.round))])
    }
  }
}
