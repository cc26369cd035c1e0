import type { Deliveries } from '@carillon/core/store/ports/deliveries'
import type { DeliveryTotals } from '@carillon/schemas'
import { LRUCache } from 'lru-cache'

/** How old the sums of a large audience may be, in ms. */
const CACHED_MS = 5_000

/**
 * How far the deliveries of a notification have come. They are counted from the ledger, so they cannot drift; for a large
 * audience that means many rows, which are counted once at a time and at most every CACHED_MS, however often one asks.
 */
export const createSums = (deliveries: Pick<Deliveries, 'sum'>) => {
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

export type Sums = ReturnType<typeof createSums>
