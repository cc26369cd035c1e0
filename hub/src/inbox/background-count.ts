import type { Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import type { Counts } from '@carillon/schemas'
import type { Announcer } from './announce.ts'

/** Steps of one background count at most. */
const STEPS_MAX = 1_000
/** Inboxes that are counted in the background at once. */
const AT_ONCE_MAX = 100

/**
 * Counts of inboxes. One step reads a bounded number of rows; if that was not enough, the rest is counted in the
 * background, each step going on where the last one ended, and the user's apps are told the result.
 */
export const createCounting = ({
  inbox,
  announce,
  log,
}: {
  inbox: Pick<Inbox, 'counts'>
  announce: Pick<Announcer, 'changed'>
  log: Log
}) => {
  const running = new Set<string>()

  const complete = async (owner: Owner): Promise<void> => {
    for (let step = 0; step < STEPS_MAX; step++) {
      const { counts, complete: done } = await inbox.counts(owner)
      if (done) return announce.changed(owner, [{ items: [], change: {} }], counts)
    }
  }

  const recount = ({ tenant, user }: Owner): void => {
    const key = `${tenant}\n${user}`
    if (running.has(key) || running.size >= AT_ONCE_MAX) return
    running.add(key)
    complete({ tenant, user })
      .catch((err) => log.warn({ err, tenant }, 'an inbox was not counted to the end'))
      .finally(() => running.delete(key))
  }

  return {
    counts: async (owner: Owner): Promise<Counts> => {
      const { counts, complete: done } = await inbox.counts(owner)
      if (!done) recount(owner)
      return counts
    },
    recount,
  }
}
