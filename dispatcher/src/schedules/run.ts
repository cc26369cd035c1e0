import type { SettingsCache } from '@carillon/core/cache/settings-cache'
import { derivedUuid7 } from '@carillon/core/notification/ids'
import { type DueRun, runsDue } from '@carillon/core/routing/schedule'
import { createReschedule } from '@carillon/core/schedules/reschedule'
import type { RunWork } from '@carillon/core/schedules/run-message'
import type { Store } from '@carillon/core/store/port'
import type { StoredSchedule } from '@carillon/core/store/ports/schedules'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import { type Notification, notifySubject } from '@carillon/schemas'

/** Tolerated difference between the log's clock and this process's clock, in ms. */
const CLOCK_SKEW_MS = 5_000

/** Returns the notification of a run. Its id is that of the run, so however often it is published, it is sent once. */
const notificationOf = (
  tenant: string,
  { id, definition, sender }: StoredSchedule,
  { at, local, late }: DueRun,
): Notification & { id: string } => ({
  ...definition.notification,
  id: derivedUuid7(at, `schedule\n${tenant}\n${id}\n${at}`),
  sender,
  ...(local === undefined ? {} : { deliverAt: { local }, late }),
})

/**
 * Creates the handler of schedules whose time has come. It publishes what is due as notifications, then makes the schedule wait for
 * its next run. A schedule that was changed runs as it is stored now; one that was deleted or paused does not run. Repeatable, by
 * any number of dispatchers.
 */
export const createRun = ({
  store,
  stream,
  cache,
}: {
  store: Pick<Store, 'schedules'>
  stream: Pick<Stream, 'publish' | 'cancel'>
  cache: Pick<SettingsCache, 'tenant' | 'type'>
}) => {
  const reschedule = createReschedule({ store, stream })

  const messageOf = async (
    tenant: string,
    schedule: StoredSchedule,
    run: DueRun,
  ): Promise<OutgoingMessage> => {
    const notification = notificationOf(tenant, schedule, run)
    const { type, priority = (await cache.type(tenant, type))?.priority ?? 'normal' } = notification
    return {
      subject: notifySubject(tenant, priority, type),
      data: Buffer.from(JSON.stringify(notification)),
    }
  }

  return async (tenant: string, { id, after, at }: RunWork): Promise<void> => {
    if (!(await cache.tenant(tenant))) return
    // The log may have delivered the message by a clock ahead of this one.
    const clock = Date.now()
    const now = at > clock && at <= clock + CLOCK_SKEW_MS ? at : clock
    const schedule = await store.schedules.get(tenant, id)
    if (schedule && !schedule.definition.paused) {
      const runs = runsDue(schedule.definition, Math.max(after, schedule.changedAt), now)
      const messages = await Promise.all(runs.map((run) => messageOf(tenant, schedule, run)))
      if (messages.length > 0) await stream.publish(messages)
    }
    await reschedule(tenant, id, now)
  }
}
