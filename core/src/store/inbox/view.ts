import { hash } from 'node:crypto'
import { hasLabels, type ItemFilter, type ItemLabels, sees } from '@carillon/schemas'
import type { Seen } from '../ports/inbox.ts'

/** A part of an inbox, by labels. `name` identifies its hints among those of the inbox: 22 characters. */
export type View = { name: string; has(item: ItemLabels): boolean }

/** Returns the part of an inbox that a filter selects; undefined for the whole inbox. */
export const viewOf = ({ contexts, context, ...labels }: ItemFilter & Seen): View | undefined => {
  const allowed = contexts && [...new Set(contexts)].sort()
  const only = context === undefined ? allowed : sees(allowed, { context }) ? [context] : []
  const { category, tag, group, type } = labels
  if ([only, category, tag, group].every((label) => label === undefined)) return undefined
  const ofGroup = group === undefined ? [] : [group, type ?? null]
  const text = JSON.stringify([only ?? null, category ?? null, tag ?? null, ...ofGroup])
  return {
    name: hash('sha256', text, 'base64url').slice(0, 22),
    has: (item) => sees(only, item) && hasLabels(item, labels),
  }
}
