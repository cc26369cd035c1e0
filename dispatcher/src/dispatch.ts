import { parseJson } from '@carillon/core/json'
import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, Message, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { ItemId, parseWorkSubject, UserId } from '@carillon/schemas'
import { z } from 'zod'
import type { createAccept } from './accept.ts'
import type { Deliver } from './deliver.ts'
import { createExpand, type DueWork, type Expansion, postpone } from './expand.ts'
import { createPageHandler, type PageWork } from './page.ts'

/** How many notifications of a batch look up their recipients at the same time. */
const LOOKUPS = 16

/** The log's clock and ours may differ; an alarm this early is taken for on time, a later snooze has its own. */
const CLOCK_SKEW_MS = 5_000

/** What became of each message: done, or refused for good with a reason. Anything else is thrown. */
export type Outcome = { message: Message; reason?: DeadReason }

export type DispatchPorts = {
  store: Store
  stream: Pick<Stream, 'publish'>
  live: Live
  accept: ReturnType<typeof createAccept>
  deliver: Deliver
  metrics: Metrics
}

/** Work is written by ourselves, but the log is outside: what does not read as work is refused, not trusted. */
const WakeWork = z.object({ user: UserId, id: ItemId })

const inGroups = async <Item, Result>(
  items: readonly Item[],
  size: number,
  each: (item: Item) => Promise<Result>,
) => {
  const results: Result[] = []
  for (let from = 0; from < items.length; from += size)
    results.push(...(await Promise.all(items.slice(from, from + size).map(each))))
  return results
}

/**
 * The way of a batch of messages. Everything is durable when a handler resolves, and every handler may be run again
 * with the same messages: after a crash, an outage, or a neighbour's fault.
 */
export const createDispatch = ({ store, stream, live, accept, deliver, metrics }: DispatchPorts) => {
  const expand = createExpand(store)
  const handlePage = createPageHandler({ store, stream }, deliver)

  /** The record before the pages: a page may be handled the moment it is published. */
  const carryOut = async (expansions: readonly Expansion[]) => {
    await deliver(
      expansions.map(({ portion }) => portion),
      expansions.map(({ record }) => record),
    )
    const messages = expansions.flatMap(({ messages }) => messages)
    if (messages.length > 0) await stream.publish(messages)
  }

  const notify = async (messages: readonly Message[]): Promise<Outcome[]> => {
    const { accepted, refused } = await accept(messages)
    const now = Date.now()
    const expansions = await inGroups(accepted, LOOKUPS, async ({ ready, acceptedAt }) =>
      ready.at > now ? postpone(ready, acceptedAt) : expand(ready, acceptedAt),
    )
    await carryOut(expansions)
    for (const { ready } of accepted)
      metrics.accepted.inc({ via: 'stream', priority: ready.notification.priority })
    for (const { reason } of refused) metrics.refused.inc({ via: 'stream', code: reason.code })
    return [...accepted.map(({ message }) => ({ message })), ...refused]
  }

  const due = async ({ ready, acceptedAt }: DueWork) => {
    const state = (await store.notifications.get(ready.tenant, ready.id))?.state
    if (state !== 'cancelled') await carryOut([await expand(ready, acceptedAt)])
  }

  /** A snooze has ended: the item counts again, so tell the user's tabs. */
  const wake = async (tenant: string, work: unknown) => {
    const { user, id } = WakeWork.parse(work)
    const owner = { tenant, user }
    const [item] = await store.inbox.get(owner, [id])
    if (!item?.snoozedUntil || Date.parse(item.snoozedUntil) > Date.now() + CLOCK_SKEW_MS) return
    await store.inbox.change(owner, [id], { snoozedUntil: null })
    const counts = await store.inbox.counts(owner)
    const payload = { ids: [id], patch: { snoozedUntil: null }, counts }
    await live.deliver([{ ...owner, event: 'inbox.changed', payload }])
  }

  const work = async (messages: readonly Message[]): Promise<Outcome[]> => {
    for (const message of messages) {
      const { kind, tenant } = parseWorkSubject(message.subject)
      const payload = parseJson(message.data)
      if (kind === 'page') await handlePage(payload as PageWork)
      else if (kind === 'due') await due(payload as DueWork)
      else await wake(tenant, payload)
    }
    return messages.map((message) => ({ message }))
  }

  return (messages: readonly Message[]): Promise<Outcome[]> =>
    messages[0]?.lane.startsWith('notify') ? notify(messages) : work(messages)
}

export type Dispatch = ReturnType<typeof createDispatch>
