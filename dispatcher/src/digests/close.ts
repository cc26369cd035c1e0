import { slicesBySize } from '@carillon/core/group-by'
import type { Store } from '@carillon/core/store/port'
import { MEMBERS_MAX, type OpenWindow } from '@carillon/core/store/ports/digests'
import type { Stream } from '@carillon/core/stream/port'
import type { Metrics } from '@carillon/core/telemetry/metrics'
import type { LookUpClosesAt } from './closes-at.ts'
import type { ReadWindow } from './members.ts'
import { type ReleasedBy, releasedApart } from './released.ts'
import { closeMessage, type DigestWork, readAbout } from './window-work.ts'

/** Tolerated difference between the log's clock and this process's clock, in ms. */
const CLOCK_SKEW_MS = 2_000

export type ClosePorts = {
  store: Pick<Store, 'digests' | 'notifications'>
  stream: Pick<Stream, 'publish'>
  readWindow: ReadWindow
  closesAt: LookUpClosesAt
  released: ReleasedBy
  metrics: Pick<Metrics, 'windowsClosed' | 'windowLag'>
}

/** Closes windows of a tenant together, and publishes again what waited in them. Repeatable. */
export const createCloseWindow = ({ store, stream, readWindow, closesAt, released, metrics }: ClosePorts) => {
  /** Schedules the close of windows that close later than now. Resolves with the ids of these. */
  const postpone = async (tenant: string, open: readonly OpenWindow[], now: number): Promise<Set<string>> => {
    const windows = open.map((window) => ({ window, about: readAbout(window) }))
    const closes = await closesAt(tenant, windows)
    const later = windows
      .map((each) => ({ ...each, at: closes(each.window, each.about, now) }))
      .filter(({ at }) => at > now + CLOCK_SKEW_MS)
    if (later.length > 0)
      await stream.publish(
        later.map(({ window, about, at }) => closeMessage(tenant, window, { ...about, at })),
      )
    const moved = later.filter(({ window, at }) => at !== window.closesAt)
    await Promise.all(moved.map(({ window, at }) => store.digests.move(tenant, window, at)))
    return new Set(later.map(({ window }) => window.id))
  }

  const leaving = async (tenant: string, { apart, ...opening }: DigestWork, now: number) => {
    const members = await readWindow(tenant, opening)
    return apart ? releasedApart(members) : released(opening, members, now)
  }

  const release = async (tenant: string, openings: readonly DigestWork[], now: number) => {
    const all = await Promise.all(openings.map((opening) => leaving(tenant, opening, now)))
    const records = all.flatMap(({ records }) => records)
    const messages = all.flatMap(({ messages }) => messages)
    if (records.length > 0) await store.notifications.put(records)
    if (messages.length > 0) await stream.publish(messages)
  }

  return async (tenant: string, works: readonly DigestWork[]): Promise<void> => {
    const now = Date.now()
    const openings = [...new Map(works.map((work) => [work.id, work])).values()]
    const current = await Promise.all(openings.map((opening) => store.digests.get(tenant, opening)))
    const open = current.flatMap((window, index) => (window?.id === openings[index]!.id ? [window] : []))
    const apart = new Set(works.flatMap((work) => (work.apart ? [work.id] : [])))
    const postponed = await postpone(
      tenant,
      open.filter(({ id }) => !apart.has(id)),
      now,
    )
    const closing = new Map(open.filter(({ id }) => !postponed.has(id)).map((window) => [window.id, window]))
    const due = await Promise.all(
      openings
        .filter(({ id }) => !postponed.has(id))
        .map(async (opening) => {
          const leaving = await store.digests.close(
            tenant,
            opening,
            apart.has(opening.id) ? 'apart' : 'together',
          )
          return { ...opening, apart: leaving === 'apart' }
        }),
    )
    for (const { id, kind } of due) {
      const window = closing.get(id)
      if (!window) continue
      metrics.windowsClosed.inc({ kind })
      metrics.windowLag.observe({ kind }, Math.max(0, now - window.closesAt) / 1_000)
    }
    // The size of a window that was closed before is no longer known.
    const sizeOf = ({ id }: DigestWork) => closing.get(id)?.size ?? MEMBERS_MAX
    for (const some of slicesBySize(due, sizeOf, MEMBERS_MAX)) await release(tenant, some, now)
  }
}
