import { endForAll } from '@carillon/core/routing/plan'
import { EVERYBODY } from '@carillon/core/store/decision-rows'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { Message, Stream } from '@carillon/core/stream/port'
import type { Finished } from './consumer/faults.ts'
import type { Deliver } from './inbox/deliver.ts'
import type { createAccept } from './intake/accept.ts'
import type { Tell } from './intake/tell.ts'
import { createPlanAudience, type NotificationPlan, postpone } from './plan/audience.ts'
import { createPlanChunk, nextChunk } from './plan/fan-out.ts'
import type { createPinned } from './plan/pinned.ts'
import { rememberProfiles } from './plan/profiles.ts'
import { decisionEntry } from './plan/recipients.ts'
import { withoutErased } from './plan/record.ts'
import type { ChunkWork, DueWork, Pinned } from './work.ts'

/** How many notifications of a batch look up their recipients at the same time. */
const LOOKUPS = 16

export type DispatchPorts = {
  store: Store
  stream: Pick<Stream, 'publish'>
  accept: ReturnType<typeof createAccept>
  pinned: ReturnType<typeof createPinned>
  deliver: Deliver
  tell: Tell
}

/**
 * The way of a notification through the dispatcher.
 *
 * 1. Intake: messages are read and checked; each is a notification with an id, the version of its type and the time when
 *    it was first accepted, or it is refused.
 * 2. Plan: the people whom it is for are found, a large audience chunk by chunk. What each of them gets is decided by
 *    core/routing. A notification that is not due yet waits in the log.
 * 3. Inbox: items are stored, then handed over live.
 * 4. Sending: the first step of each person's plan is put into the log. Queues of its channel take it from there.
 * 5. Whoever is decided against is recorded, then the notification itself: it need not be handled again.
 *
 * Everything is durable when one of these resolves, and all of them may be run again with the same messages: after a
 * crash, an outage, or a neighbour's fault.
 */
export const createDispatch = (ports: DispatchPorts) => {
  const { store, stream, accept, pinned, deliver, tell } = ports
  const planAudience = createPlanAudience(store)
  const planChunk = createPlanChunk(store)

  const record = async (tenant: string, decisions: readonly DecisionEntry[]) => {
    if (decisions.length > 0) await store.decisions.record(tenant, decisions)
  }

  const planAll = async (due: readonly Pinned[]): Promise<NotificationPlan[]> => {
    const plans: NotificationPlan[] = []
    for (let from = 0; from < due.length; from += LOOKUPS)
      plans.push(...(await Promise.all(due.slice(from, from + LOOKUPS).map(planAudience))))
    return plans
  }

  /** The record before the messages: a chunk may be handled the moment it is published. */
  const carryOut = async (plans: readonly NotificationPlan[]) => {
    const erased = await deliver(plans.map(({ portion }) => portion))
    const decided = plans.filter(({ against }) => against.length > 0)
    for (const [tenant, some] of grouped(decided, ({ record }) => record.tenant))
      await record(
        tenant,
        some.flatMap(({ against }) => against),
      )
    const records = plans.map((plan) => plan.record)
    if (records.length > 0) await store.notifications.put(withoutErased(records, erased))
    const messages = plans.flatMap((plan) => plan.messages)
    if (messages.length > 0) await stream.publish(messages)
  }

  const isCancelled = async (tenant: string, id: string): Promise<boolean> =>
    (await store.notifications.get(tenant, id))?.state === 'cancelled'

  return {
    /** Handles messages as senders published them. */
    notify: async (messages: readonly Message[]): Promise<Finished[]> => {
      const { accepted, repeated, refused, release } = await accept(messages)
      try {
        const now = Date.now()
        const [later, due] = [
          accepted.filter(({ ready }) => ready.at > now),
          accepted.filter(({ ready }) => ready.at <= now),
        ]
        await rememberProfiles(store, due)
        await carryOut([...later.map(postpone), ...(await planAll(due))])
      } finally {
        release()
      }
      tell({ accepted, refused })
      return [
        ...accepted.map(({ message }) => ({ message })),
        ...repeated.map((message) => ({ message })),
        ...refused,
      ]
    },

    /** Handles a notification whose `deliverAt` has come. */
    due: async ({ ready }: DueWork): Promise<void> => {
      if (await isCancelled(ready.tenant, ready.id)) return
      const due = [await pinned(ready)]
      await rememberProfiles(store, due)
      await carryOut(await planAll(due))
    },

    /** Handles one chunk of a fan-out: its people get what is planned, and the next chunk goes into the log. */
    chunk: async (work: ChunkWork): Promise<void> => {
      const { ready, chain } = work
      const { tenant, id, expiresAt } = ready
      const end = endForAll({ cancelled: await isCancelled(tenant, id), expiresAt }, Date.now())
      if (end) return record(tenant, [decisionEntry(ready, EVERYBODY, end)])
      const { portion, against, next } = await planChunk(work, await pinned(ready))
      const erased = await deliver([portion])
      await record(tenant, against)
      const reached = work.reached + portion.recipients.length - (erased.get(ready)?.length ?? 0)
      await store.notifications.progress(tenant, id, { chain, reached, finished: next === undefined })
      if (next) await stream.publish([nextChunk(work, next, reached)])
    },
  }
}

export type Dispatch = ReturnType<typeof createDispatch>
