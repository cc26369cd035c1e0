import { setTimeout as sleep } from 'node:timers/promises'
import { ProblemError } from '@carillon/core/errors'
import { slices } from '@carillon/core/group-by'
import { removeWaiting } from '@carillon/core/items/waiting-steps'
import { UNREAD_CANCELLED, unreadKey, uuid7Time } from '@carillon/core/notification/ids'
import { isMadeId } from '@carillon/core/notification/made-id'
import type { Seal } from '@carillon/core/security/seal'
import type { CancelKeys } from '@carillon/core/store/ports/cancel-keys'
import type { Deliveries } from '@carillon/core/store/ports/deliveries'
import type { NotificationProgress, Notifications } from '@carillon/core/store/ports/notifications'
import { RETENTION_MS, type Stream } from '@carillon/core/stream/port'
import type { Cancellation, CancelledNotification } from '@carillon/schemas'
import type { Idempotency } from '../idempotency/port.ts'
import { idKey } from './accept.ts'
import { deliveryCounts, itemsStored } from './cancel-counts.ts'

/** Maximum notifications that one request by key cancels. */
export const CANCELLED_MAX = 1_000
/** Number of notifications that a request cancels concurrently. */
const TOGETHER = 50
/** Longer than the resolution of the log's times, in ms. */
const TICK_MS = 2

/** Reports whether nothing of a notification is pending. */
const isOver = ({ state, planned }: NotificationProgress): boolean =>
  state === 'expired' || (state === 'delivered' && !planned)

export type CancelPorts = {
  notifications: Pick<Notifications, 'get' | 'find' | 'cancel'>
  deliveries: Pick<Deliveries, 'sum'>
  cancelKeys: Pick<CancelKeys, 'cancel' | 'pass'>
  stream: Pick<Stream, 'cancel' | 'cancelGroup' | 'now'>
  idempotency: Pick<Idempotency, 'isRegistered'>
  seal: Pick<Seal, 'tag'>
}

/** Cancels the pending parts of notifications: their delivery, if it is scheduled, and the steps of their plans. Idempotent. */
export const createCancel = (ports: CancelPorts) => {
  const { notifications, deliveries, cancelKeys, stream, idempotency, seal } = ports

  /** Cancels a notification. `known`: its record before; undefined if a dispatcher is reading it and has not recorded it. */
  const end = async (
    tenant: string,
    id: string,
    known: NotificationProgress | undefined,
  ): Promise<CancelledNotification> => {
    const isPending = known === undefined || !isOver(known)
    if (isPending && known?.state !== 'cancelled') await notifications.cancel(tenant, id, Date.now())
    const found = known ?? (await notifications.get(tenant, id))
    const removed = isPending ? await removeWaiting(stream, tenant, id, found) : 0
    const toAudience = (found?.chains ?? 0) > 0
    const totals = found?.planned ? await deliveries.sum(tenant, { id, toAudience }) : {}
    const { sent, waiting } = deliveryCounts(totals)
    return {
      id,
      state: known && !isPending ? known.state : 'cancelled',
      stored: found ? itemsStored(found) : 0,
      sent,
      ended: isPending ? removed + waiting : 0,
    }
  }

  /** Reports whether a hub may have accepted an id that no dispatcher has recorded: it made the id, or registered it. */
  const wasAccepted = async (tenant: string, id: string): Promise<boolean> => {
    const isFresh = (uuid7Time(id) ?? 0) > Date.now() - RETENTION_MS
    return (isFresh && isMadeId(seal, tenant, id)) || idempotency.isRegistered(idKey(tenant, id))
  }

  /** Makes dispatchers cancel a notification when they read it, by the log's clock. Resolves with its record, if they have. */
  const cancelUnread = async (tenant: string, id: string): Promise<NotificationProgress | undefined> => {
    const at = await stream.now(tenant)
    const ticked = sleep(TICK_MS)
    // The id first, because dispatchers look for it only after they have found the other key.
    for (const key of [unreadKey(id), UNREAD_CANCELLED]) await cancelKeys.cancel(tenant, key, at, 1)
    await ticked
    return notifications.get(tenant, id)
  }

  return {
    /** Throws `not_found`, or `already_delivered` if nothing can be pending. */
    one: async (tenant: string, id: string): Promise<CancelledNotification> => {
      const known = await notifications.get(tenant, id)
      if (!known && !(await wasAccepted(tenant, id)))
        throw new ProblemError('not_found', 'there is no such notification')
      const found = known ?? (await cancelUnread(tenant, id))
      if (found?.state === 'delivered' && !found.planned)
        throw new ProblemError('already_delivered', 'every recipient has it in the inbox')
      return end(tenant, id, found)
    },

    /** Throws `not_found` for a notification that was never accepted. */
    require: async (tenant: string, id: string): Promise<void> => {
      if (!(await notifications.get(tenant, id)) && !(await wasAccepted(tenant, id)))
        throw new ProblemError('not_found', 'there is no such notification')
    },

    /** Cancels a notification that is recalled, even if no dispatcher has read it. */
    recalled: async (tenant: string, id: string): Promise<void> => {
      if (!(await notifications.get(tenant, id))) await cancelUnread(tenant, id)
      await notifications.cancel(tenant, id, Date.now())
    },

    /**
     * Cancels what the log accepted with a key before this resolves, and nothing that it accepts later. Both times are set by
     * the log's clock.
     */
    byKey: async (tenant: string, key: string): Promise<Cancellation> => {
      const at = await stream.now(tenant)
      const ticked = sleep(TICK_MS)
      const { found, more } = await cancelKeys.cancel(tenant, key, at, CANCELLED_MAX)
      const ids = [...new Set(found.map(({ notification }) => notification))]
      const records = await notifications.find(tenant, ids)
      const cancelled: CancelledNotification[] = []
      for (const some of slices(ids, TOGETHER))
        cancelled.push(...(await Promise.all(some.map((id) => end(tenant, id, records.get(id))))))
      const last = found.at(-1)
      if (last) await cancelKeys.pass(tenant, key, last)
      await ticked
      return { cancelled, more }
    },
  }
}

export type Cancel = ReturnType<typeof createCancel>
