import { slices } from '@carillon/core/group-by'

/** Maximum concurrent changes. */
const AT_ONCE = 32

/** Handles AT_ONCE at the same time. Rejects after all of a slice have ended, so nothing changes afterwards. */
export const inSlices = async <T>(all: readonly T[], handle: (each: T) => Promise<void>): Promise<void> => {
  for (const some of slices(all, AT_ONCE)) {
    const ends = await Promise.allSettled(some.map(handle))
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }
}
