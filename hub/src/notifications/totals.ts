import type { Deliveries } from '@carillon/core/store/ports/deliveries'
import type { DeliveryTotals } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'

/** Maximum age of cached totals of an audience, in ms. */
const CACHED_MS = 5_000

/**
 * Returns the delivery totals of a notification, counted from the ledger. For an audience, which has many rows, totals are
 * cached for CACHED_MS and computed once at a time.
 */
export const createTotals = (deliveries: Pick<Deliveries, 'sum'>) => {
  const cache = new LRUCache<string, DeliveryTotals>({
    max: 1_000,
    ttl: CACHED_MS,
    fetchMethod: (key) => {
      const [tenant = '', id = ''] = key.split('\n')
      return deliveries.sum(tenant, { id, toAudience: true })
    },
  })
  return async (tenant: string, notification: { id: string; toAudience: boolean }): Promise<DeliveryTotals> =>
    (notification.toAudience ? await cache.fetch(`${tenant}\n${notification.id}`) : undefined) ??
    (await deliveries.sum(tenant, notification))
}

export type Totals = ReturnType<typeof createTotals>
