import { setTimeout as sleep } from 'node:timers/promises'
import { deliveryEvent } from '@carillon/core/delivery/events'
import type { Reports } from '@carillon/core/delivery/reports'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, Stream } from '@carillon/core/stream/port'
import { type Outages, Stopped } from '../consumer/outages.ts'
import { createConclude } from './conclude.ts'
import type { Result } from './result.ts'

/** The most results written together. */
const BATCH = 256
/** Fewer results than this wait for others: writing many costs little more than writing one. */
const ENOUGH = 32
const LINGER_MS = 10

export type SettlePorts = {
  store: Pick<Store, 'devices' | 'suppressions' | 'deliveries'>
  stream: Pick<Stream, 'publish'>
  reports: Reports
  outages: Outages
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

type Waiting = {
  result: Result
  resolve(dead: DeadReason | undefined): void
  reject(error: unknown): void
}

/**
 * Makes the results of steps durable. Resolves with the reason if the step is a dead letter; its message may then be
 * acknowledged or dead-lettered. Results that come while one batch is written make up the next: one publish for many, and
 * one record per tenant.
 */
export const createSettle = ({ store, stream, reports, outages }: SettlePorts) => {
  const concludeAll = createConclude(store)
  let waiting: Waiting[] = []
  let flushing = false

  /** Messages go first: a step that is acknowledged has its next attempt, or its successor, in the log. */
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

  /** A result that cannot be written does not hold up its neighbours. */
  const settleAll = async (batch: readonly Waiting[]): Promise<void> => {
    const results = batch.map(({ result }) => result)
    try {
      await outages.through(() => write(results))
      const ends = await outages.through(() => conclude(results))
      for (const [index, { resolve }] of batch.entries()) resolve(ends[index]?.dead)
    } catch (error) {
      if (batch.length > 1 && !(error instanceof Stopped)) for (const each of batch) await settleAll([each])
      else for (const { reject } of batch) reject(error)
    }
  }

  const flush = async () => {
    while (waiting.length > 0) {
      if (waiting.length < ENOUGH) await sleep(LINGER_MS)
      const batch = waiting.slice(0, BATCH)
      waiting = waiting.slice(BATCH)
      await settleAll(batch)
    }
    flushing = false
  }

  return (result: Result): Promise<DeadReason | undefined> =>
    new Promise((resolve, reject) => {
      waiting.push({ result, resolve, reject })
      if (flushing) return
      flushing = true
      void flush()
    })
}
