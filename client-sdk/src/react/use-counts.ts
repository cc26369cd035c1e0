import type { Counts } from '@carillon/schemas'
import { useSyncExternalStore } from 'react'
import { NONE } from '../inbox/counts.ts'
import { useClient } from './provider.ts'

/** Returns the counts of unread and unseen items, which are exact up to 100; beyond that `more` is true. */
export const useCounts = (): Counts => {
  const { counts } = useClient()
  return useSyncExternalStore(counts.subscribe, counts.getSnapshot, () => NONE)
}
