import type { Counts } from '@carillon/schemas'
import { useSyncExternalStore } from 'react'
import { useClient } from './provider.ts'

export const NO_COUNTS: Counts = { unread: 0, unseen: 0 }

/** Returns the counts of unread and unseen items, which are exact up to 100; beyond that `more` is true. */
export const useCounts = (): Counts => {
  const { counts } = useClient()
  return useSyncExternalStore(counts.subscribe, counts.getSnapshot, () => NO_COUNTS)
}
