import { hash } from 'node:crypto'
import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { slices } from '@carillon/core/group-by'
import { type DueRun, LATE_RUN_MS, runsDue } from '@carillon/core/routing/due-runs'
import { createReschedule } from '@carillon/core/schedules/reschedule'
import type { RunWork } from '@carillon/core/schedules/run-message'
import type { Store } from '@carillon/core/store/port'
import type { StoredSchedule } from '@carillon/core/store/ports/schedules'
import type { DeadReason, Message, Stream } from '@carillon/core/stream/port'
import { type Notification, notifySubject } from '@carillon/schemas'
import type { Finished } from '../consumer/fault-policy.ts'

/** Tolerated difference between the log's clock and this process's clock, in ms. */
const CLOCK_SKEW_MS = 5_000
/** Runs that are handled together. Only local schedules have more at a time. */
const TOGETHER = 64

/** Returns the id of a run. It is not a UUIDv7, so the store is always checked for it. */
const idOf = (tenant: string, schedule: string, at: number): string => {
  const time = new Date(at).toISOString().slice(0, 16)
  return `run-${time}Z-${hash('sha256', `${tenant}\n${schedule}\n${at}`, 'base64url').slice(0, 22)}`
}

/** Returns the notification of a run. However often it is handled, it is sent once, because its id is that of the run. */
const notificationOf = (
  tenant: string,
  { id, definition, sender }: StoredSchedule,
  { at, local, late }: DueRun,
): Notification => ({
  ...definition.notification,
  id: idOf(tenant, id, at),
  sender,
  ...(local === undefined ? {} : { deliverAt: { local }, late }),
})

export type RunPorts = {
  store: Pick<Store, 'schedules'>
  stream: Pick<Stream, 'publish' | 'cancel'>
  cache: Pick<SettingsCache, 'tenant' | 'type'>
  /** Handles messages from senders. */
  notify: (messages: readonly Message[]) => Promise<readonly Finished[]>
}

/**
 * Creates the handler of schedules whose time has come. It sends what is due, then makes the schedule wait for its next run. A
 * schedule that was changed runs as stored now; one that was deleted or paused does not run. Idempotent, in any number of
 * dispatchers. Resolves with the reason if a notification is refused.
 */
export const createRun = ({ store, stream, cache, notify }: RunPorts) => {
  const reschedule = createReschedule({ store, stream })

  /**
   * Returns a run as a message from the schedule's sender. It bypasses the log, where dispatchers may not publish
   * notifications.
   */
  const messageOf = async (
    tenant: string,
    schedule: StoredSchedule,
    { run, now }: { run: DueRun; now: number },
  ): Promise<Message> => {
    const notification = notificationOf(tenant, schedule, run)
    const { type, priority = (await cache.type(tenant, type))?.priority ?? 'normal' } = notification
    return {
      queue: `notify-${priority}`,
      subject: notifySubject(tenant, priority, type),
      data: Buffer.from(JSON.stringify(notification)),
      sequence: 0,
      // A missed run is accepted late, as far as expiry and local times are concerned.
      appendedAt: run.at < now - LATE_RUN_MS ? now : run.at,
      // It may have been handled before.
      deliveries: 2,
    }
  }

  const send = async (
    tenant: string,
    schedule: StoredSchedule,
    { after, now }: { after: number; now: number },
  ) => {
    const runs = runsDue(schedule.definition, Math.max(after, schedule.changedAt), now)
    const reasons: DeadReason[] = []
    for (const some of slices(runs, TOGETHER)) {
      const messages = await Promise.all(some.map((run) => messageOf(tenant, schedule, { run, now })))
      for (const { reason } of await notify(messages)) if (reason) reasons.push(reason)
    }
    return reasons[0]
  }

  return async (tenant: string, { id, after, at }: RunWork): Promise<DeadReason | undefined> => {
    if (!(await cache.tenant(tenant))) return undefined
    // The log may have delivered the message by a clock ahead of this one.
    const clock = Date.now()
    const now = at > clock && at <= clock + CLOCK_SKEW_MS ? at : clock
    const schedule = await store.schedules.get(tenant, id)
    const isRunning = schedule !== undefined && !schedule.definition.paused
    const refused = isRunning ? await send(tenant, schedule, { after, now }) : undefined
    await reschedule(tenant, id, now)
    return refused
  }
}
