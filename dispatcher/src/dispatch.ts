import type { Store } from '@carillon/core/store/port'
import type { Message, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { Finished } from './consumer/faults.ts'
import type { Deliver } from './inbox/deliver.ts'
import type { Accepted, createAccept } from './intake/accept.ts'
import { createExpand, type Expansion, postpone } from './plan/audience.ts'
import { introduce } from './plan/introduce.ts'
import type { DueWork } from './work.ts'

/** How many notifications of a batch look up their recipients at the same time. */
const LOOKUPS = 16

export type DispatchPorts = {
  store: Store
  stream: Pick<Stream, 'publish'>
  accept: ReturnType<typeof createAccept>
  deliver: Deliver
  log: Log
  metrics: Metrics
}

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
export const createDispatch = ({ store, stream, accept, deliver, log, metrics }: DispatchPorts) => {
  const expand = createExpand(store)

  /** The record before the pages: a page may be handled the moment it is published. */
  const carryOut = async (expansions: readonly Expansion[]) => {
    await deliver(
      expansions.map(({ portion }) => portion),
      expansions.map(({ record }) => record),
    )
    const messages = expansions.flatMap(({ messages }) => messages)
    if (messages.length > 0) await stream.publish(messages)
  }

  /** Over NATS nobody waits for an answer: the log and a metric say what was left out. */
  const tell = (accepted: readonly Accepted[]) => {
    const [first] = accepted.filter(({ warnings }) => warnings.length > 0)
    if (!first) return
    const ignored = accepted.reduce((sum, { warnings }) => sum + warnings.length, 0)
    metrics.ignored.inc({ via: 'stream' }, ignored)
    const { tenant, id } = first.ready
    log.warn(
      { ignored, first: { tenant, notification: id, ...first.warnings[0] } },
      'attributes of recipients do not fit and were left out',
    )
  }

  const notify = async (messages: readonly Message[]): Promise<Finished[]> => {
    const { accepted, repeated, refused, release } = await accept(messages)
    try {
      const now = Date.now()
      const due = accepted.flatMap(({ ready }) => (ready.at > now ? [] : [ready]))
      await introduce(store, due)
      const expansions = await inGroups(accepted, LOOKUPS, async ({ ready }) =>
        ready.at > now ? postpone(ready) : expand(ready),
      )
      await carryOut(expansions)
    } finally {
      release()
    }
    for (const { ready } of accepted)
      metrics.accepted.inc({ via: 'stream', priority: ready.notification.priority })
    tell(accepted)
    for (const { reason } of refused) metrics.refused.inc({ via: 'stream', code: reason.code })
    return [
      ...accepted.map(({ message }) => ({ message })),
      ...repeated.map((message) => ({ message })),
      ...refused,
    ]
  }

  const due = async ({ ready }: DueWork) => {
    const state = (await store.notifications.get(ready.tenant, ready.id))?.state
    if (state === 'cancelled') return
    await introduce(store, [ready])
    await carryOut([await expand(ready)])
  }

  return { notify, due }
}
