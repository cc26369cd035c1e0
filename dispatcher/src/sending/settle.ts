import { setTimeout as sleep } from 'node:timers/promises'
import { deliveryEvent } from '@carillon/core/delivery/events'
import { deliveryKey, type Step } from '@carillon/core/delivery/step'
import type { Store } from '@carillon/core/store/port'
import type { Slot } from '@carillon/core/store/ports/throttles'
import type { DeadReason, OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type Outages, Stopped } from '../consumer/outages.ts'
import type { Reports } from '../reports/reports.ts'
import { countDecisions } from '../telemetry/decisions.ts'
import { type Consequences, decisionsOf } from './consequences.ts'
import { createStillOpen } from './still-open.ts'

/** Maximum number of consequences written together. */
const BATCH = 256
/** Fewer consequences than this wait for others, because writing many costs little more than writing one. */
const ENOUGH = 32
const LINGER_MS = 10

export type SettlePorts = {
  store: Pick<Store, 'devices' | 'suppressions' | 'deliveries' | 'decisions' | 'throttles'>
  stream: Pick<Stream, 'publish'>
  reports: Pick<Reports, 'remember'>
  outages: Outages
  metrics: Pick<Metrics, 'decisions'>
}

type Waiting = {
  consequences: Consequences
  resolve(dead: DeadReason | undefined): void
  reject(error: unknown): void
}

/** Calls `write` once for each tenant that has parts. */
const byTenant = async <Part>(
  all: readonly Consequences[],
  parts: (each: Consequences) => readonly Part[],
  write: (tenant: string, parts: readonly Part[]) => Promise<unknown>,
): Promise<void> => {
  const groups = new Map<string, Part[]>()
  for (const each of all)
    for (const part of parts(each)) {
      const group = groups.get(each.tenant)
      if (group) group.push(part)
      else groups.set(each.tenant, [part])
    }
  await Promise.all([...groups].map(([tenant, some]) => write(tenant, some)))
}

/** Shared, because most consequences have most parts empty. */
const NONE: readonly never[] = []
const optional = <Part>(part: Part | undefined): readonly Part[] => (part === undefined ? NONE : [part])

/** Returns the step if this destination of it was not reached. */
const unreached = ({ failed, unsent }: Consequences): Step | undefined => failed?.step ?? unsent

/** Returns the slot that a step has under a throttle, if none of its destinations was reached. */
const slotsOf = (step: Step | undefined, stillOpen: ReadonlySet<Step>): readonly Slot[] =>
  step?.slot === undefined || stillOpen.has(step)
    ? NONE
    : [{ user: step.user, key: step.slot, taker: deliveryKey(step, '') }]

/**
 * Makes the consequences of steps durable. Resolves with the reason if the step is a dead letter; its message may then
 * be acknowledged or dead-lettered. Consequences that arrive while a batch is written form the next one: one publish
 * for many, and one record per tenant.
 */
export const createSettle = ({ store, stream, reports, outages, metrics }: SettlePorts) => {
  const open = createStillOpen(store)
  let waiting: Waiting[] = []
  let flushing = false

  /** Messages are published first, so that the next attempt of an acknowledged step is in the log. */
  const write = async (all: readonly Consequences[]): Promise<void> => {
    const messages: OutgoingMessage[] = []
    for (const { tenant, messages: later, changes } of all) {
      messages.push(...later)
      for (const change of changes) messages.push(deliveryEvent(tenant, change))
    }
    if (messages.length > 0) await stream.publish(messages)
    await Promise.all([
      byTenant(all, ({ changes }) => changes, store.deliveries.record),
      byTenant(
        all,
        ({ decision, decisions = NONE }) => [...optional(decision), ...decisions],
        store.decisions.record,
      ),
      byTenant(all, ({ suppression }) => optional(suppression), store.suppressions.put),
      byTenant(
        all,
        ({ gone }) => optional(gone),
        (tenant, gone) =>
          Promise.all(gone.map(({ user, device }) => store.devices.remove(tenant, user, [device]))),
      ),
    ])
    await byTenant(all, ({ remember }) => optional(remember), reports.remember)
    for (const each of all) countDecisions(metrics, decisionsOf(each))
  }

  /** Called after the changes are recorded, because several destinations may fail at the same time. */
  const concludeAll = async (all: readonly Consequences[]): Promise<(DeadReason | undefined)[]> => {
    const stillOpen = await open(all.flatMap((each) => optional(unreached(each))))
    const over = all.map(({ failed }) => (failed && !stillOpen.has(failed.step) ? failed : undefined))
    const messages = over.flatMap((failed) => failed?.messages ?? [])
    if (messages.length > 0) await stream.publish(messages)
    await byTenant(all, (each) => slotsOf(unreached(each), stillOpen), store.throttles.release)
    return over.map((failed) => failed?.dead)
  }

  /** If a batch cannot be written, its consequences are written one by one, so that one does not block the others. */
  const settleAll = async (batch: readonly Waiting[]): Promise<void> => {
    const all = batch.map(({ consequences }) => consequences)
    try {
      await outages.through(() => write(all))
      const dead = await outages.through(() => concludeAll(all))
      for (const [index, { resolve }] of batch.entries()) resolve(dead[index])
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

  return (consequences: Consequences): Promise<DeadReason | undefined> =>
    new Promise((resolve, reject) => {
      waiting.push({ consequences, resolve, reject })
      if (flushing) return
      flushing = true
      void flush()
    })
}
