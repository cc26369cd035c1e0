import { hash } from 'node:crypto'
import { hasLabels, type ItemFilter, type ItemLabels, sees } from '@carillon/schemas'
import type { Seen } from '../ports/inbox.ts'

/** A part of an inbox, by labels. `name` identifies its hints among those of the inbox: 22 characters. */
export type View = { name: string; has(item: ItemLabels): boolean }

/** Returns the part of an inbox that a filter selects; undefined for the whole inbox. */
export const viewOf = ({ contexts, context, category, tag }: ItemFilter & Seen): View | undefined => {
  const allowed = contexts && [...new Set(contexts)].sort()
  const only = context === undefined ? allowed : sees(allowed, { context }) ? [context] : []
  if (only === undefined && category === undefined && tag === undefined) return undefined
  const text = JSON.stringify([only ?? null, category ?? null, tag ?? null])
  return {
    name: hash('sha256', text, 'base64url').slice(0, 22),
    has: (item) => sees(only, item) && hasLabels(item, { category, tag }),
  }
}
