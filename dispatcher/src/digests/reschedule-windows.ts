import type { TimesWork } from '@carillon/core/preferences/times-message'
import type { Store } from '@carillon/core/store/port'
import type { Stream } from '@carillon/core/stream/port'
import type { LookUpClosesAt } from './closes-at.ts'
import { closeMessage, readAbout } from './window-work.ts'

/**
 * Returns a function that reschedules the open windows of a user after their quiet hours, snooze, digest time or time zone have
 * changed. Idempotent.
 */
export const createRescheduleWindows =
  ({
    store,
    stream,
    closesAt,
  }: {
    store: Pick<Store, 'digests'>
    stream: Pick<Stream, 'publish'>
    closesAt: LookUpClosesAt
  }) =>
  async (tenant: string, { user }: TimesWork): Promise<void> => {
    const now = Date.now()
    const open = await store.digests.open(tenant, user)
    const windows = open.map((window) => ({ window, about: readAbout(window) }))
    const closes = await closesAt(tenant, windows)
    for (const { window, about } of windows) {
      const at = closes(window, about, now)
      if (at === window.closesAt) continue
      // Scheduled first, because a close that comes too early checks the time again.
      await stream.publish([closeMessage(tenant, window, { ...about, at })])
      await store.digests.move(tenant, window, at)
    }
  }
