import type { Counts } from '@carillon/schemas'
import { useSyncExternalStore } from 'react'
import type { CountLabel, CountsBy } from '../counts/counts-by.ts'
import { byClient } from './by-client.ts'
import { useClient } from './provider.ts'

const NONE: ReadonlyMap<string, Counts> = new Map()
const shared = byClient<CountsBy>()

/** Returns the counts of each category, tag or context that has unread items. Empty until they are loaded. */
export const useCountsBy = (label: CountLabel): ReadonlyMap<string, Counts> => {
  const client = useClient()
  const all = shared(client)
  const counts = all.get(label) ?? client.countsBy(label)
  all.set(label, counts)
  return useSyncExternalStore(counts.subscribe, counts.getSnapshot, () => NONE)
}
