import type { Store } from '@carillon/core/store/port'
import type { Message } from '@carillon/core/stream/port'
import { type CarryOutPorts, createCarryOut } from './carry-out.ts'
import type { Finished } from './consumer/fault-policy.ts'
import type { Accept } from './intake/accept.ts'
import { createFindCancelled } from './intake/cancelled.ts'
import type { Ready } from './intake/ready.ts'
import type { ObserveIntake } from './intake/telemetry.ts'
import { createApplyAmendments } from './plan/apply-amendments.ts'
import { cancelledPlan, postpone } from './plan/audience.ts'
import { createPlanBatch } from './plan/batch.ts'
import { createDropEnded } from './plan/drop-ended.ts'
import { createPlanChunk, nextChunk } from './plan/fan-out.ts'
import { createPlanLocal, localMessage, openLocal } from './plan/local-time.ts'
import { createChosen, type PreferencePorts } from './plan/preferences.ts'
import { storeProfiles } from './plan/profiles.ts'
import type { Pin } from './plan/type-version.ts'
import type { ChunkWork, DueWork, LocalWork } from './plan/work.ts'

export type PipelinePorts = CarryOutPorts & {
  store: Store
  cache: PreferencePorts['cache']
  accept: Accept
  observeIntake: ObserveIntake
  pin: Pin
}

/**
 * The stages of a notification in the dispatcher.
 *
 * 1. Intake reads and checks messages. Each is refused, or is a notification with an id, the version of its type, and the
 *    time at which it was first accepted.
 * 2. Plan finds the recipients, of a large audience chunk by chunk. core/routing decides what each of them gets. A
 *    notification that is not due yet waits in the log, and so do recipients whose local time lies ahead.
 * 3. Inbox renders the texts of the type for each recipient, stores the items, then hands them over live.
 * 4. Sending puts the first step of each delivery plan into the log. The consumers of its channel take it from there.
 * 5. The decisions against people are recorded, then the notification itself. A recorded notification is complete.
 *
 * Each function resolves when its results are durable. All of them are repeatable, because the same messages
 * are redelivered after a crash, an outage, or a fault in the same batch.
 */
export const createPipeline = (ports: PipelinePorts) => {
  const { store, cache, stream, accept, observeIntake, pin } = ports
  const chosen = createChosen({ cache, store })
  const findCancelled = createFindCancelled(store)
  const planBatch = createPlanBatch(store, cache, chosen)
  const planChunk = createPlanChunk(store, chosen, cache)
  const planLocal = createPlanLocal(store, chosen, cache)
  const applyAmendments = createApplyAmendments()
  const { deliver, recordDecisions, putBack, carryOut } = createCarryOut(ports)

  const dropEnded = createDropEnded({ store, recordDecisions })
  const hasEnded = async (ready: Ready): Promise<boolean> =>
    (await dropEnded(ready.tenant, [ready])).length === 0

  return {
    /** Handles messages from senders. */
    notify: async (messages: readonly Message[]): Promise<Finished[]> => {
      const { accepted, repeated, refused, release } = await accept(messages)
      try {
        const ended = await findCancelled(accepted)
        const wanted = ended.size === 0 ? accepted : accepted.filter((each) => !ended.has(each))
        const now = Date.now()
        const [later, due] = [
          wanted.filter(({ ready }) => ready.at > now),
          wanted.filter(({ ready }) => ready.at <= now),
        ]
        await storeProfiles(ports, due)
        const cancelled = [...ended].map((each) => cancelledPlan(each, now))
        await carryOut([...cancelled, ...later.map(postpone), ...(await planBatch(due))])
      } finally {
        release()
      }
      observeIntake({ accepted, refused })
      return [
        ...accepted.map(({ message }) => ({ message })),
        ...repeated.map((message) => ({ message })),
        ...refused,
      ]
    },

    /** Handles notifications of a tenant whose `deliverAt` has passed. */
    due: async (tenant: string, works: readonly DueWork[]): Promise<void> => {
      const distinct = new Map(works.map(({ ready }) => [ready.id, ready]))
      const open = await dropEnded(tenant, [...distinct.values()])
      const due = await Promise.all(
        open.map(async ({ ready, amendments }) => applyAmendments(await pin(ready), amendments)),
      )
      await storeProfiles(ports, due)
      await carryOut(await planBatch(due))
    },

    /** Handles one chunk of a fan-out, and appends the next one to the log. */
    chunk: async (work: ChunkWork): Promise<void> => {
      const { ready, chain } = work
      const { tenant, id } = ready
      const [ended, planned] = await Promise.all([hasEnded(ready), planChunk(work, await pin(ready))])
      if (ended) return
      const { batch, against, next, users, partial } = planned
      const erased = await deliver([batch])
      await recordDecisions(tenant, against)
      const page = work.opened ?? 0
      const local = openLocal(planned, { users, opener: chain, page, partial })
      await putBack(ready, local)
      const reached = work.reached + batch.recipients.length - (erased.get(ready)?.length ?? 0)
      await store.notifications.progress(tenant, id, { chain, reached, finished: next === undefined })
      if (next) await stream.publish([nextChunk(work, next, { reached, opened: page + local.length })])
    },

    /** Handles recipients whose local time has come, and puts the others back into the log. */
    local: async (work: LocalWork): Promise<void> => {
      const { ready, chain } = work
      const { tenant, id } = ready
      const [ended, planned] = await Promise.all([hasEnded(ready), planLocal(work, await pin(ready))])
      if (ended) return
      const { batches, against, waiting } = planned
      const erased = await deliver(batches)
      await recordDecisions(tenant, against)
      const due = batches.reduce((sum, { recipients }) => sum + recipients.length, 0)
      const reached = work.reached + due - (erased.get(ready)?.length ?? 0)
      await store.notifications.progress(tenant, id, { chain, reached, finished: waiting.length === 0 })
      if (waiting.length > 0) await stream.publish([localMessage({ ...work, reached }, waiting)])
    },
  }
}

export type Pipeline = ReturnType<typeof createPipeline>
