import { slices } from '@carillon/core/group-by'
import { defaultsMessage, type TimesWork } from '@carillon/core/preferences/times-message'
import type { Store } from '@carillon/core/store/port'
import type { OpenWindow } from '@carillon/core/store/ports/digests'
import { SLOTS } from '@carillon/core/store/ports/walk'
import type { OutgoingMessage, Stream } from '@carillon/core/stream/port'
import type { LookUpClosesAt } from './closes-at.ts'
import { type About, closeMessage, readAbout } from './window-work.ts'

/** Users whose windows are read together. */
const CHUNK = 500
/** Windows that are changed together. */
const TOGETHER = 50

type Ports = {
  store: Pick<Store, 'digests' | 'users'>
  stream: Pick<Stream, 'publish'>
  closesAt: LookUpClosesAt
  /** Reports whether a window holds back what its user no longer wants to wait for it. */
  holdsUnwanted(tenant: string, window: OpenWindow, about: About): Promise<boolean>
}

/**
 * Returns a function that reschedules the open windows of a user after their quiet hours, snooze, digest time, time zone or
 * frequencies have changed, or of all users after defaults have: CHUNK of them at a time, the next as a message of its own. A window that holds
 * back what its user no longer wants to wait closes now. Repeatable.
 */
export const createRescheduleWindows = ({ store, stream, closesAt, holdsUnwanted }: Ports) => {
  const move = async (tenant: string, users: readonly string[], concerns: (about: About) => boolean) => {
    const now = Date.now()
    const open = await store.digests.open(tenant, users)
    const windows = open
      .map((window) => ({ window, about: readAbout(window) }))
      .filter(({ about }) => concerns(about))
    const closes = await closesAt(tenant, windows)
    for (const some of slices(windows, TOGETHER)) {
      const messages: OutgoingMessage[] = []
      const moved: { window: OpenWindow; at: number }[] = []
      for (const { window, about } of some) {
        const at = closes(window, about, now)
        if (await holdsUnwanted(tenant, window, about))
          messages.push(closeMessage(tenant, window, { ...about, at: now, apart: true }))
        else if (at !== window.closesAt) {
          messages.push(closeMessage(tenant, window, { ...about, at }))
          moved.push({ window, at })
        }
      }
      // Scheduled first: a close that comes too early checks the time again.
      if (messages.length > 0) await stream.publish(messages)
      await Promise.all(moved.map(({ window, at }) => store.digests.move(tenant, window, at)))
    }
  }

  return async (tenant: string, work: TimesWork): Promise<void> => {
    if ('user' in work) return move(tenant, [work.user], () => true)
    const { context, after } = work
    const stretch = { from: after?.slot ?? 0, to: SLOTS, ...(after ? { after } : {}) }
    const { users, next } = await store.users.walk(tenant, stretch, CHUNK)
    await move(tenant, users, (about) => context === undefined || about.context === context)
    if (next) await stream.publish([defaultsMessage(tenant, context, { now: Date.now(), after: next })])
  }
}
