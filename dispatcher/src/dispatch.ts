import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import { parseJson } from '@carillon/core/json/json'
import type { Live } from '@carillon/core/live/port'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, Message, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { parseWorkSubject, SubjectError } from '@carillon/schemas'
import type { Deliver } from './inbox/deliver.ts'
import type { Accepted, createAccept } from './intake/accept.ts'
import { createExpand, type Expansion, postpone } from './plan/audience.ts'
import { createPageHandler } from './plan/fan-out.ts'
import { introduce } from './plan/introduce.ts'
import { DueWork, PageWork, type Ready, WakeWork } from './work.ts'

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
  log: Log
  metrics: Metrics
}

/** Throws `subject_invalid`. */
const workSubjectOf = (subject: string) => {
  try {
    return parseWorkSubject(subject)
  } catch (cause) {
    if (cause instanceof SubjectError) throw new ProblemError('subject_invalid', cause.message)
    throw cause
  }
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
export const createDispatch = ({ store, stream, live, accept, deliver, log, metrics }: DispatchPorts) => {
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

  const notify = async (messages: readonly Message[]): Promise<Outcome[]> => {
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

  /** A snooze has ended: the item counts again, so tell the user's tabs. */
  const wake = async (tenant: string, { user, id }: WakeWork) => {
    const owner = { tenant, user }
    const [item] = await store.inbox.get(owner, [id])
    if (!item?.snoozedUntil || Date.parse(item.snoozedUntil) > Date.now() + CLOCK_SKEW_MS) return
    await store.inbox.change(owner, [id], { snoozedUntil: null })
    const counts = await store.inbox.counts(owner)
    const payload = { ids: [id], patch: { snoozedUntil: null }, counts }
    await live.deliver([{ ...owner, event: 'inbox.changed', payload }])
  }

  /** Reads work with its schema: Carillon writes it, but others may reach the log. */
  const perform = ({ subject, data }: Message): Promise<void> => {
    const { kind, tenant } = workSubjectOf(subject)
    const payload = parseJson(data)
    if (kind === 'wake') return wake(tenant, checked(WakeWork, payload, 'work'))
    const owned = <Work extends { ready: Ready }>(work: Work): Work => {
      if (work.ready.tenant === tenant) return work
      throw new ProblemError('subject_invalid', 'the work belongs to another tenant than its subject')
    }
    return kind === 'page'
      ? handlePage(owned(checked(PageWork, payload, 'work')))
      : due(owned(checked(DueWork, payload, 'work')))
  }

  const work = async (messages: readonly Message[]): Promise<Outcome[]> => {
    for (const message of messages) await perform(message)
    return messages.map((message) => ({ message }))
  }

  return (messages: readonly Message[]): Promise<Outcome[]> =>
    messages[0]?.queue.startsWith('notify') ? notify(messages) : work(messages)
}

export type Dispatch = ReturnType<typeof createDispatch>
