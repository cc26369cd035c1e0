import { setTimeout as sleep } from 'node:timers/promises'
import { deliveryEvent } from '@carillon/core/delivery/events'
import { conclude } from '@carillon/core/routing/after-failure'
import { grouped } from '@carillon/core/store/grouping'
import type { Store } from '@carillon/core/store/port'
import type { DeadReason, OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { type Outages, Stopped } from '../consumer/outages.ts'
import type { Reports } from '../reports/reports.ts'
import { countDecisions } from '../telemetry/decisions.ts'
import { type Consequences, decisionsOf } from './consequences.ts'

/** Maximum number of consequences written together. */
const BATCH = 256
/** Fewer consequences than this wait for others, because writing many costs little more than writing one. */
const ENOUGH = 32
const LINGER_MS = 10

export type SettlePorts = {
  store: Pick<Store, 'devices' | 'suppressions' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  reports: Pick<Reports, 'remember'>
  outages: Outages
  metrics: Pick<Metrics, 'decisions'>
}

type Failed = NonNullable<Consequences['failed']>
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

/**
 * Makes the consequences of steps durable. Resolves with the reason if the step is a dead letter; its message may then
 * be acknowledged or dead-lettered. Consequences that arrive while a batch is written form the next one: one publish
 * for many, and one record per tenant.
 */
export const createSettle = ({ store, stream, reports, outages, metrics }: SettlePorts) => {
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

  /** Returns the failed steps of which another destination may still be reached. */
  const open = async (failed: readonly Failed[]): Promise<Set<Failed>> => {
    const found = new Set<Failed>()
    const ofSeveral = failed.filter(({ step }) => step.destination)
    await Promise.all(
      [...grouped(ofSeveral, ({ step }) => step.tenant)].map(async ([tenant, some]) => {
        const rows = await store.deliveries.of(
          tenant,
          some.map(({ step: { notification, toAudience, user } }) => ({
            id: notification,
            toAudience,
            user,
          })),
        )
        for (const [place, each] of some.entries()) {
          const { index, destination } = each.step
          const others =
            rows[place]?.filter(({ step, device }) => step === index && device !== destination) ?? []
          const states = others.map(({ state }) => state)
          if (conclude(each.step, states).follows === 'open') found.add(each)
        }
      }),
    )
    return found
  }

  /** Called after the changes are recorded, because several destinations may fail at the same time. */
  const concludeAll = async (all: readonly Consequences[]): Promise<(DeadReason | undefined)[]> => {
    const stillOpen = await open(all.flatMap(({ failed }) => optional(failed)))
    const over = all.map(({ failed }) => (failed && !stillOpen.has(failed) ? failed : undefined))
    const messages = over.flatMap((failed) => failed?.messages ?? [])
    if (messages.length > 0) await stream.publish(messages)
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
