import { addressKey } from '@carillon/core/delivery/addresses'
import type { Report } from '@carillon/core/delivery/provider'
import type { Seal } from '@carillon/core/security/seal'
import type { Store } from '@carillon/core/store/port'
import type { Channel, Suppression, SuppressionReason } from '@carillon/schemas'

/** How long a START is remembered in ms, to recognize a later report of an older STOP. */
const RESTORED_MS = 30 * 86_400_000

/** Reports whether the recipient requested the suppression, and so may lift it. */
const isTheirs = (reason: SuppressionReason) => reason === 'stop' || reason === 'unsubscribe'

/** The state of an address in a channel while a bundle of reports is applied. */
type Entry = {
  channel: Channel
  address: string
  /** When the recipient last opted in again, epoch ms. */
  restoredAt: number
  suppression?: Suppression
  restored: boolean
  changed: boolean
}

/** Applies a bounce, complaint or STOP to the entry. Reports of a bundle are applied one by one, in order. */
const suppress = (entry: Entry, reason: SuppressionReason, at: number, source: string): void => {
  if (isTheirs(reason) && entry.restoredAt > at) return
  const { channel, address } = entry
  entry.suppression = { channel, address, reason, at: new Date(at).toISOString(), source }
  entry.changed = true
}

/** Applies a START. It does not lift a bounce, or an operator's own entry. */
const restore = (entry: Entry, at: number): void => {
  entry.restoredAt = Math.max(entry.restoredAt, at)
  entry.restored = true
  const { suppression } = entry
  if (!suppression || !isTheirs(suppression.reason) || Date.parse(suppression.at) > at) return
  entry.suppression = undefined
  entry.changed = true
}

/**
 * Applies reports about addresses to the suppression list: bounces, complaints, STOP and START. A STOP that is older than a
 * START changes nothing, nor does a START that is older than a STOP. A bundle costs as many round trips as one report.
 */
export const createSuppress = ({
  expiringKeys,
  suppressions,
  seal,
}: Pick<Store, 'expiringKeys' | 'suppressions'> & { seal: Pick<Seal, 'digest'> }) => {
  const markOf = (tenant: string, { channel, address }: Pick<Entry, 'channel' | 'address'>) =>
    `restored:${channel}:${seal.digest(addressKey(address), `restored:${tenant}`)}`

  const known = async (tenant: string, reports: readonly Report[]): Promise<Map<string, Entry>> => {
    const places = new Map<string, Pick<Entry, 'channel' | 'address'>>()
    for (const { suppress, restore } of reports)
      for (const said of [suppress, restore])
        for (const channel of said?.channels ?? []) {
          const place = { channel, address: said?.address ?? '' }
          places.set(markOf(tenant, place), place)
        }
    if (places.size === 0) return new Map()
    const [restored, found] = await Promise.all([
      expiringKeys.get(tenant, [...places.keys()]),
      suppressions.find(tenant, [...places.values()]),
    ])
    return new Map(
      [...places].map(([mark, place], index) => [
        mark,
        {
          ...place,
          restoredAt: Number(restored.get(mark) ?? 0),
          suppression: found[index],
          restored: false,
          changed: false,
        },
      ]),
    )
  }

  /** `timeOf` returns when a report's event happened, epoch ms. */
  return async (
    tenant: string,
    account: string,
    reports: readonly Report[],
    timeOf: (report: Report) => number,
  ): Promise<void> => {
    const entries = await known(tenant, reports)
    const each = (
      said: { channels: Channel[]; address: string } | undefined,
      change: (entry: Entry) => void,
    ) => {
      for (const channel of said?.channels ?? []) {
        const entry = entries.get(markOf(tenant, { channel, address: said?.address ?? '' }))
        if (entry) change(entry)
      }
    }
    for (const report of reports) {
      const at = timeOf(report)
      const { suppress: wanted } = report
      each(wanted, (entry) => suppress(entry, wanted?.reason ?? 'manual', at, account))
      each(report.restore, (entry) => restore(entry, at))
    }
    const changed = [...entries.values()].filter((entry) => entry.changed)
    const restored = [...entries].filter(([, entry]) => entry.restored)
    // Expiring keys first: if two bundles are applied at the same time, the older of START and STOP sees the newer.
    await expiringKeys.put(
      tenant,
      restored.map(([key, { restoredAt }]) => ({ key, value: String(restoredAt) })),
      RESTORED_MS,
    )
    await suppressions.put(
      tenant,
      changed.flatMap(({ suppression }) => suppression ?? []),
    )
    await suppressions.remove(
      tenant,
      changed.filter(({ suppression }) => suppression === undefined),
    )
  }
}
