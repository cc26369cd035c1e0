import type { Inbox, Owner } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import type { Counts } from '@carillon/schemas'
import type { Announcer } from './announce.ts'

/** Maximum steps of a background count. */
const STEPS_MAX = 1_000
/** Maximum concurrent background counts. */
const AT_ONCE_MAX = 100

/**
 * Counts inboxes. A request reads a bounded number of rows. Incomplete counts are completed in the background, step by step,
 * and the user's apps get the result.
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
      .catch((err) =>
        log.warn({ err, tenant }, 'a background count failed; the counts of this inbox stay incomplete'),
      )
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
