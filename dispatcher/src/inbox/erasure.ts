import { deliveryEvent } from '@carillon/core/delivery/events'
import { grouped } from '@carillon/core/group-by'
import { endOfErased } from '@carillon/core/routing/plan'
import type { Store } from '@carillon/core/store/port'
import type { DeliveryChange } from '@carillon/core/store/ports/deliveries'
import { type Erasure, isVoid } from '@carillon/core/store/rules/erasure'
import { IN_APP_STEP } from '@carillon/core/store/rules/ledger'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import { decisionEntry } from '../plan/recipients.ts'
import { countDecisions } from '../telemetry/decisions.ts'
import { type Entry, hasItem } from './item.ts'

const at = (tenant: string, user: string) => `${tenant}\n${user}`

/** The ledger entries of an erased user: the inbox and every step are skipped. */
const skippedDeliveries = (entry: Entry, now: number): DeliveryChange[] => {
  const { user, planned, ready } = entry
  const { id, toAudience } = ready
  const change = {
    notification: id,
    user,
    device: '',
    toAudience,
    state: 'skipped',
    reason: 'erased',
    at: now,
  } as const
  return [
    ...(hasItem(entry) ? [{ ...change, step: IN_APP_STEP, channel: 'inbox' as const }] : []),
    ...planned.steps.map(({ channel }, step) => ({ ...change, step, channel })),
  ]
}

/** Erasures by tenant and user. */
export type Erasures = ReadonlyMap<string, Erasure>

/** Reports whether the user was erased after the notification was accepted. */
export const isErased = (erasures: Erasures, { user, ready }: Entry): boolean =>
  erasures.size > 0 && isVoid(erasures.get(at(ready.tenant, user)), ready.acceptedAt)

/** Looks up erased users among recipients, and undoes what was stored for them. */
export const createErasures = ({
  store,
  stream,
  metrics,
}: {
  store: Pick<Store, 'inbox' | 'users' | 'deliveries' | 'decisions'>
  stream: Pick<Stream, 'publish'>
  metrics: Pick<Metrics, 'decisions' | 'skipped'>
}) => {
  const removeItems = async (erased: readonly Entry[]): Promise<void> => {
    const owners = grouped(erased.filter(hasItem), ({ ready, user }) => at(ready.tenant, user))
    await Promise.all(
      [...owners.values()].map(async ([first, ...rest]) => {
        if (!first) return
        const owner = { tenant: first.ready.tenant, user: first.user }
        const ids = [first, ...rest].map(({ id }) => id)
        await store.inbox.remove(owner, ids)
      }),
    )
  }

  return {
    /** Looks up the erasures of the entries' users, with one query per tenant. */
    of: async (entries: readonly Entry[]): Promise<Erasures> => {
      const found = new Map<string, Erasure>()
      await Promise.all(
        [...grouped(entries, ({ ready }) => ready.tenant)].map(async ([tenant, some]) => {
          const users = [...new Set(some.map(({ user }) => user))]
          for (const [user, erasure] of await store.users.erased(tenant, users))
            found.set(at(tenant, user), erasure)
        }),
      )
      return found
    },

    /** Removes the items of erased users, and records that everything planned for them is skipped. */
    undo: async (erased: readonly Entry[]): Promise<void> => {
      await removeItems(erased)
      const now = Date.now()
      const end = endOfErased(now)
      for (const [tenant, entries] of grouped(erased, ({ ready }) => ready.tenant)) {
        const changes = entries.flatMap((entry) => skippedDeliveries(entry, now))
        const decisions = entries.map(({ ready, user }) => decisionEntry(ready, user, end))
        await stream.publish(changes.map((change) => deliveryEvent(tenant, change)))
        await store.deliveries.record(tenant, changes)
        await store.decisions.record(tenant, decisions)
        countDecisions(metrics, [end], decisions.length)
        for (const { channel } of changes) metrics.skipped.inc({ channel, reason: 'erased' })
      }
    },
  }
}
