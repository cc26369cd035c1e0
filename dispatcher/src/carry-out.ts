import type { PushUpdates } from '@carillon/core/delivery/push-updates'
import { grouped } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import type { DecisionEntry } from '@carillon/core/store/ports/decisions'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { chunksOf } from './inbox/chunks.ts'
import type { HandOver } from './inbox/live.ts'
import type { RenderItems } from './inbox/render-items.ts'
import { replacedDecision, replacementMessages } from './inbox/replaced.ts'
import type { StoreItems } from './inbox/store-items.ts'
import { sentMarks } from './inbox/variant-marks.ts'
import type { Ready } from './intake/ready.ts'
import type { Announce } from './items/announce.ts'
import type { NotificationPlan } from './plan/audience.ts'
import { messagesOf, type OpenedChain } from './plan/local-time.ts'
import { decisionEntry, type RecipientBatch } from './plan/recipients.ts'
import { withoutErased } from './plan/record.ts'
import type { StartPlans } from './sending/first-step.ts'
import { countDecisions, countPlanned } from './telemetry/decisions.ts'

export type CarryOutPorts = {
  store: Pick<Store, 'decisions' | 'notifications' | 'variantFigures'>
  stream: Pick<Stream, 'publish'>
  renderItems: RenderItems
  storeItems: StoreItems
  handOver: HandOver
  announce: Announce
  pushUpdates: PushUpdates
  startPlans: StartPlans
  metrics: Pick<Metrics, 'decisions'>
}

/** Creates the functions that make a plan durable. Each is repeatable. */
export const createCarryOut = (ports: CarryOutPorts) => {
  const { store, stream, metrics } = ports
  const { renderItems, storeItems, handOver, announce, pushUpdates, startPlans } = ports

  const recordDecisions = async (tenant: string, decisions: readonly DecisionEntry[]) => {
    if (decisions.length === 0) return
    await store.decisions.record(tenant, decisions)
    for (const { decision } of decisions) countDecisions(metrics, [decision])
  }

  /** Runs stages 3 and 4 for a chunk of recipients. Resolves with the erased users of each notification. */
  const deliver = async (batches: readonly RecipientBatch[]): Promise<Map<Ready, string[]>> => {
    const erased = new Map<Ready, string[]>()
    for (const entries of chunksOf(batches)) {
      const stored = await storeItems(await renderItems(entries))
      const marks = sentMarks(stored.kept)
      for (const [tenant, some] of grouped(marks, ({ tenant }) => tenant))
        await store.variantFigures.mark(tenant, some)
      await announce(replacementMessages(stored.replaced))
      const now = Date.now()
      for (const [tenant, some] of grouped(stored.replaced, ({ entry }) => entry.ready.tenant)) {
        await recordDecisions(
          tenant,
          some.map((each) => decisionEntry(each.entry.ready, each.entry.user, replacedDecision(each, now))),
        )
        await pushUpdates(
          tenant,
          some.map(({ entry, item }) => ({ user: entry.user, items: item ? [item.id] : [] })),
        )
      }
      const connected = await handOver(stored.kept)
      await startPlans(stored.kept, connected)
      countPlanned(metrics, stored.kept)
      for (const [ready, users] of stored.erased) erased.set(ready, [...(erased.get(ready) ?? []), ...users])
    }
    return erased
  }

  /** Opens chains in the record of a notification, so that it is not delivered before they have finished. */
  const open = async ({ tenant, id }: Pick<Ready, 'tenant' | 'id'>, opened: readonly OpenedChain[]) => {
    for (const { chain, message } of opened)
      await store.notifications.progress(tenant, id, { chain, reached: 0, finished: message === undefined })
  }

  /** Opens chains and puts their recipients back into the log. */
  const putBack = async (ready: Ready, opened: readonly OpenedChain[]) => {
    await open(ready, opened)
    const messages = messagesOf(opened)
    if (messages.length > 0) await stream.publish(messages)
  }

  /** The record is stored before the messages, because a chunk may be handled as soon as it is published. */
  const carryOut = async (plans: readonly NotificationPlan[]) => {
    const erased = await deliver(plans.map(({ batch }) => batch))
    for (const [tenant, some] of grouped(plans, ({ record }) => record.tenant))
      await recordDecisions(
        tenant,
        some.flatMap(({ against }) => against),
      )
    const records = plans.map(({ record }) => record)
    for (const { record, opened } of plans) await open(record, opened)
    if (records.length > 0) await store.notifications.put(withoutErased(records, erased))
    const messages = plans.flatMap((plan) => [...plan.messages, ...messagesOf(plan.opened)])
    if (messages.length > 0) await stream.publish(messages)
  }

  return { deliver, recordDecisions, putBack, carryOut }
}
