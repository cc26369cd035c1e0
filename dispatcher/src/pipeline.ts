import { endForAll } from '@carillon/core/routing/plan'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import { EVERYBODY } from '@carillon/core/store/rules/decision-rows'
import type { Message, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Finished } from './consumer/fault-policy.ts'
import { chunksOf } from './inbox/chunks.ts'
import type { HandOver } from './inbox/live.ts'
import type { RenderItems } from './inbox/render-items.ts'
import type { StoreItems } from './inbox/store-items.ts'
import { sentMarks } from './inbox/variant-marks.ts'
import type { Accept } from './intake/accept.ts'
import type { Ready } from './intake/ready.ts'
import type { ObserveIntake } from './intake/telemetry.ts'
import { type NotificationPlan, postpone } from './plan/audience.ts'
import { createPlanBatch } from './plan/batch.ts'
import { createPlanChunk, nextChunk } from './plan/fan-out.ts'
import { createChosen, type PreferencePorts } from './plan/preferences.ts'
import { storeProfiles } from './plan/profiles.ts'
import { decisionEntry, type Portion } from './plan/recipients.ts'
import { withoutErased } from './plan/record.ts'
import type { Pin } from './plan/type-version.ts'
import type { ChunkWork, DueWork } from './plan/work.ts'
import type { StartPlans } from './sending/first-step.ts'
import { countDecisions, countPlanned } from './telemetry/decisions.ts'

export type PipelinePorts = {
  store: Store
  cache: PreferencePorts['cache']
  stream: Pick<Stream, 'publish'>
  accept: Accept
  observeIntake: ObserveIntake
  pin: Pin
  renderItems: RenderItems
  storeItems: StoreItems
  handOver: HandOver
  startPlans: StartPlans
  metrics: Pick<Metrics, 'decisions'>
}

/**
 * The stages of a notification in the dispatcher.
 *
 * 1. Intake reads and checks messages. Each is refused, or is a notification with an id, the version of its type, and the
 *    time at which it was first accepted.
 * 2. Plan finds the recipients, of a large audience chunk by chunk. core/routing decides what each of them gets. A
 *    notification that is not due yet waits in the log.
 * 3. Inbox renders the texts of the type for each recipient, stores the items, then hands them over live.
 * 4. Sending puts the first step of each delivery plan into the log. The consumers of its channel take it from there.
 * 5. The decisions against people are recorded, then the notification itself. A recorded notification is complete.
 *
 * Each function resolves when its results are durable. All of them are repeatable, because the same messages
 * are redelivered after a crash, an outage, or a fault in the same batch.
 */
export const createPipeline = (ports: PipelinePorts) => {
  const { store, cache, stream, accept, observeIntake, pin, metrics } = ports
  const { renderItems, storeItems, handOver, startPlans } = ports
  const chosen = createChosen({ cache, store })
  const planBatch = createPlanBatch(store, cache, chosen)
  const planChunk = createPlanChunk(store, chosen, cache)

  /** Runs stages 3 and 4 for a chunk of recipients. Resolves with the erased users of each notification. */
  const deliver = async (portions: readonly Portion[]): Promise<Map<Ready, string[]>> => {
    const erased = new Map<Ready, string[]>()
    for (const entries of chunksOf(portions)) {
      const stored = await storeItems(await renderItems(entries))
      const marks = sentMarks(stored.kept)
      for (const [tenant, some] of grouped(marks, ({ tenant }) => tenant))
        await store.variantFigures.mark(tenant, some)
      const connected = await handOver(stored.kept)
      await startPlans(stored.kept, connected)
      countPlanned(metrics, stored.kept)
      for (const [ready, users] of stored.erased) erased.set(ready, [...(erased.get(ready) ?? []), ...users])
    }
    return erased
  }

  const recordDecisions = async (tenant: string, decisions: readonly DecisionEntry[]) => {
    if (decisions.length === 0) return
    await store.decisions.record(tenant, decisions)
    for (const { decision } of decisions) countDecisions(metrics, [decision])
  }

  /** The record is stored before the messages, because a chunk may be handled as soon as it is published. */
  const carryOut = async (plans: readonly NotificationPlan[]) => {
    const erased = await deliver(plans.map(({ portion }) => portion))
    for (const [tenant, some] of grouped(plans, ({ record }) => record.tenant))
      await recordDecisions(
        tenant,
        some.flatMap(({ against }) => against),
      )
    const records = plans.map(({ record }) => record)
    if (records.length > 0) await store.notifications.put(withoutErased(records, erased))
    const messages = plans.flatMap((plan) => plan.messages)
    if (messages.length > 0) await stream.publish(messages)
  }

  /**
   * Reports whether a notification that waited in the log was cancelled or has expired, and records the
   * decision.
   */
  const hasEnded = async (ready: Ready): Promise<boolean> => {
    const { tenant, id, expiresAt } = ready
    const cancelled = (await store.notifications.get(tenant, id))?.state === 'cancelled'
    const end = endForAll({ cancelled, expiresAt }, Date.now())
    if (end) await recordDecisions(tenant, [decisionEntry(ready, EVERYBODY, end)])
    return end !== undefined
  }

  return {
    /** Handles messages from senders. */
    notify: async (messages: readonly Message[]): Promise<Finished[]> => {
      const { accepted, repeated, refused, release } = await accept(messages)
      try {
        const now = Date.now()
        const [later, due] = [
          accepted.filter(({ ready }) => ready.at > now),
          accepted.filter(({ ready }) => ready.at <= now),
        ]
        await storeProfiles(store, due)
        await carryOut([...later.map(postpone), ...(await planBatch(due))])
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

    /** Handles a notification whose `deliverAt` has passed. */
    due: async ({ ready }: DueWork): Promise<void> => {
      if (await hasEnded(ready)) return
      const due = [await pin(ready)]
      await storeProfiles(store, due)
      await carryOut(await planBatch(due))
    },

    /** Handles one chunk of a fan-out, and appends the next one to the log. */
    chunk: async (work: ChunkWork): Promise<void> => {
      const { ready, chain } = work
      const { tenant, id } = ready
      const [ended, planned] = await Promise.all([hasEnded(ready), planChunk(work, await pin(ready))])
      if (ended) return
      const { portion, against, next } = planned
      const erased = await deliver([portion])
      await recordDecisions(tenant, against)
      const reached = work.reached + portion.recipients.length - (erased.get(ready)?.length ?? 0)
      await store.notifications.progress(tenant, id, { chain, reached, finished: next === undefined })
      if (next) await stream.publish([nextChunk(work, next, reached)])
    },
  }
}

export type Pipeline = ReturnType<typeof createPipeline>
