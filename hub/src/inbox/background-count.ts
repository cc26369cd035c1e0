import type { Inbox } from '@carillon/core/store/ports/inbox'
import type { Log } from '@carillon/core/telemetry/log'
import type { Counts } from '@carillon/schemas'
import type { Announcer } from './announce.ts'
import type { Viewer } from './viewer.ts'

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
  announce: Pick<Announcer, 'recounted'>
  log: Log
}) => {
  const running = new Set<string>()

  const complete = async (viewer: Viewer): Promise<void> => {
    const { contexts, ...owner } = viewer
    for (let step = 0; step < STEPS_MAX; step++) {
      const { counts, complete: done } = await inbox.counts(owner, { contexts })
      if (done) return announce.recounted(viewer, counts)
    }
  }

  const recount = ({ tenant, user, contexts }: Viewer): void => {
    const key = JSON.stringify([tenant, user, contexts])
    if (running.has(key) || running.size >= AT_ONCE_MAX) return
    running.add(key)
    complete({ tenant, user, contexts })
      .catch((err) =>
        log.warn({ err, tenant }, 'a background count failed; the counts of this inbox stay incomplete'),
      )
      .finally(() => running.delete(key))
  }

  return {
    counts: async (viewer: Viewer): Promise<Counts> => {
      const { tenant, user, contexts } = viewer
      const { counts, complete: done } = await inbox.counts({ tenant, user }, { contexts })
      if (!done) recount(viewer)
      return counts
    },
    recount,
  }
}
