import { setTimeout as sleep } from 'node:timers/promises'
import { deliveryEvent } from '@carillon/core/delivery/events'
import type { Reports } from '@carillon/core/delivery/reports'
import type { Store } from '@carillon/core/store/port'
import type { Message, Reader, Stream } from '@carillon/core/stream/port'
import type { Log } from '@carillon/core/telemetry/log'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type Outages, Stopped } from '../consumer/outages.ts'
import { createConclude } from './conclude.ts'
import type { Result } from './result.ts'

/** Results made durable together at most. */
const BATCH = 256
/** Fewer than this wait a moment for others: what is written together costs little more than one. */
const ENOUGH = 32
const LINGER_MS = 10

export type SettlePorts = {
  store: Pick<Store, 'devices' | 'suppressions' | 'deliveries'>
  stream: Pick<Stream, 'publish'>
  reports: Reports
  outages: Outages
  log: Log
  metrics: Metrics
}

const byTenant = <Each, Part>(results: readonly Each[], part: (each: Each) => [string, readonly Part[]]) => {
  const groups = new Map<string, Part[]>()
  for (const result of results) {
    const [tenant, parts] = part(result)
    if (parts.length === 0) continue
    const group = groups.get(tenant)
    if (group) group.push(...parts)
    else groups.set(tenant, [...parts])
  }
  return [...groups]
}

/**
 * Makes what came of steps durable, and only then acknowledges them. Whatever has ended while one batch is written makes
 * up the next: one publish, one record per tenant and one ack for many.
 */
export const createSettle = (
  ports: SettlePorts,
  reader: Reader,
  giveBack: (message: Message, error: unknown) => Promise<void>,
) => {
  const { store, stream, reports, outages, log, metrics } = ports
  const concludeAll = createConclude(store)
  let waiting: { message: Message; result: Result }[] = []
  let flushing: Promise<void> | undefined

  /** What follows comes first: a step that is acknowledged has its next try, or its successor, in the log. */
  const write = async (results: readonly Result[]) => {
    const messages = results.flatMap((result) => [
      ...result.messages,
      ...result.changes.map((change) => deliveryEvent(result.tenant, change)),
    ])
    if (messages.length > 0) await stream.publish(messages)
    await Promise.all([
      ...byTenant(results, ({ tenant, changes }) => [tenant, changes]).map(([tenant, changes]) =>
        store.deliveries.record(tenant, changes),
      ),
      ...byTenant(results, ({ tenant, suppressions }) => [tenant, suppressions]).map(([tenant, some]) =>
        store.suppressions.put(tenant, some),
      ),
      ...byTenant(results, ({ tenant, gone }) => [tenant, gone]).flatMap(([tenant, gone]) =>
        gone.map(({ user, device }) => store.devices.remove(tenant, user, [device])),
      ),
    ])
    await Promise.all(
      byTenant(results, ({ tenant, sent }) => [tenant, sent]).map(([tenant, sent]) =>
        reports.remember(tenant, sent),
      ),
    )
  }

  const conclude = async (results: readonly Result[]) => {
    const ends = await concludeAll(results)
    const messages = ends.flatMap((end) => end.messages)
    if (messages.length > 0) await stream.publish(messages)
    return ends
  }

  const settleBatch = async (batch: readonly { message: Message; result: Result }[]) => {
    await outages.through(() => write(batch.map(({ result }) => result)))
    const ends = await outages.through(() => conclude(batch.map(({ result }) => result)))
    const dead = batch.flatMap(({ message }, index) => {
      const reason = ends[index]?.dead
      return reason ? [{ message, reason }] : []
    })
    const done = batch.flatMap(({ message }, index) => (ends[index]?.dead ? [] : [message]))
    if (done.length > 0) await outages.through(() => reader.ack(done))
    if (dead.length === 0) return
    await outages.through(() => reader.deadLetter(dead))
    for (const { reason } of dead) metrics.deadLetters.inc({ code: reason.code })
    log.warn(
      { queue: reader.queue, letters: dead.length, first: dead[0]!.reason },
      'put with the dead letters',
    )
  }

  /** One that cannot be written does not hold up its neighbours. */
  const settleOrGiveBack = async (batch: readonly { message: Message; result: Result }[]): Promise<void> => {
    try {
      await settleBatch(batch)
    } catch (err) {
      if (err instanceof Stopped) return
      if (batch.length > 1) for (const each of batch) await settleOrGiveBack([each])
      else await giveBack(batch[0]!.message, err).catch(giveUp)
    }
  }

  /** Leaves a message unacknowledged, so that the log delivers it again. */
  const giveUp = (err: unknown) => {
    if (!(err instanceof Stopped)) log.error({ err, queue: reader.queue }, 'a step was given up')
  }

  const flush = async () => {
    while (waiting.length > 0) {
      if (waiting.length < ENOUGH) await sleep(LINGER_MS)
      const batch = waiting.slice(0, BATCH)
      waiting = waiting.slice(BATCH)
      await settleOrGiveBack(batch)
      for (const { message } of batch) onSettled(message)
    }
    flushing = undefined
  }

  let onSettled = (_: Message) => {}

  return {
    add: (message: Message, result: Result): void => {
      waiting.push({ message, result })
      flushing ??= flush()
    },
    /** Called for each message once it is out of this process's hands. */
    onSettled: (listener: (message: Message) => void) => {
      onSettled = listener
    },
    /** Resolves when everything added so far is durable. */
    settled: async () => {
      while (flushing) await flushing
    },
  }
}
