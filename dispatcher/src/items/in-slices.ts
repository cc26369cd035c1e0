import { slices } from '@carillon/core/group-by'

/** Maximum concurrent changes. */
const AT_ONCE = 32

/**
 * Calls `handle` for each, up to AT_ONCE concurrently. Before it rejects, it waits for the pending calls, so nothing changes
 * afterwards.
 */
export const inSlices = async <T>(all: readonly T[], handle: (each: T) => Promise<void>): Promise<void> => {
  for (const some of slices(all, AT_ONCE)) {
    const ends = await Promise.allSettled(some.map(handle))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
}
