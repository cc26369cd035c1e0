import { hash } from 'node:crypto'
import {
  type InboxItem,
  isSnoozed,
  type StateChange,
  scheduleSubject,
  stepSubject,
  UserId,
} from '@carillon/schemas'
import { z } from 'zod'
import type { ShownPush, ShownPushes } from '../store/ports/shown-pushes.ts'
import type { OutgoingMessage, Stream } from '../stream/port.ts'
import type { Log } from '../telemetry/log.ts'

/** Updates the apps of a user that still show pushes about items that were read, removed or replaced. `attempt` counts from 1. */
export const PushUpdateWork = z.object({
  update: z.object({ user: UserId, attempt: z.int().min(1).max(100).default(1) }),
})
export type PushUpdateWork = z.infer<typeof PushUpdateWork>

/** A user's devices are updated at most once in this time, in ms. */
export const UPDATE_WINDOW_MS = 10_000

/** Reports whether pushes about an item are obsolete: it was read, archived, snoozed or removed. */
export const isPushObsolete = (item: InboxItem | undefined, now: number): boolean =>
  item === undefined || item.readAt !== null || item.archivedAt !== null || isSnoozed(item, now)

/** Reports whether a change makes pushes about its items obsolete: they were read, archived or snoozed. */
export const endsPush = ({ readAt, archivedAt, snoozedUntil }: StateChange): boolean =>
  Boolean(readAt || archivedAt || snoozedUntil)

/** Returns the end of the user's current window. Windows of different users end at different times. */
const windowEnd = (digest: Buffer, now: number): number => {
  const offset = digest.readUInt32BE(0) % UPDATE_WINDOW_MS
  return (Math.floor((now + offset) / UPDATE_WINDOW_MS) + 1) * UPDATE_WINDOW_MS - offset
}

const PREFIX = Buffer.from('{"update":')

/** Reports whether a message of the push channel is an update rather than a step. */
export const isPushUpdate = (data: Uint8Array): boolean => PREFIX.equals(data.subarray(0, PREFIX.length))

/** Returns the message that updates a user's devices. Published again before it is due, it replaces the earlier one. */
export const pushUpdateMessage = (
  tenant: string,
  update: PushUpdateWork['update'],
  now: number,
): OutgoingMessage => {
  const digest = hash('sha256', update.user, 'buffer')
  return {
    subject: stepSubject('push', 'low', tenant),
    data: Buffer.from(JSON.stringify({ update } satisfies PushUpdateWork)),
    schedule: {
      at: windowEnd(digest, now),
      key: scheduleSubject(tenant, 'change', 'push', digest.toString('base64url').slice(0, 32)),
    },
  }
}

/** Items of a user that were read, archived, snoozed, deleted, recalled or replaced. `all`: it may be any item. */
export type Done = { user: string; items: readonly string[] | 'all' }

const shows = ({ items, withdrawnAt }: ShownPush, done: Done['items']): boolean =>
  withdrawnAt === undefined && (done === 'all' || items.some((item) => done.includes(item)))

/**
 * Returns a function that schedules updates of the devices that still show pushes about these items. Call it after the change
 * is stored. It reads once and publishes at most once. Best effort: a failure is logged.
 */
export const createPushUpdates =
  ({
    shownPushes,
    stream,
    log,
  }: {
    shownPushes: Pick<ShownPushes, 'of'>
    stream: Pick<Stream, 'publish'>
    log: Pick<Log, 'warn'>
  }) =>
  async (tenant: string, done: readonly Done[]): Promise<void> => {
    const some = done.filter(({ items }) => items.length > 0)
    if (some.length === 0) return
    try {
      const shown = await shownPushes.of(
        tenant,
        some.map(({ user }) => user),
      )
      const users = some.flatMap(({ user, items }) =>
        shown.get(user)?.some((push) => shows(push, items)) ? [user] : [],
      )
      if (users.length === 0) return
      const now = Date.now()
      await stream.publish(
        [...new Set(users)].map((user) => pushUpdateMessage(tenant, { user, attempt: 1 }, now)),
      )
    } catch (err) {
      log.warn({ err, tenant, users: some.length }, 'devices were not updated and may still show pushes')
    }
  }

export type PushUpdates = ReturnType<typeof createPushUpdates>
