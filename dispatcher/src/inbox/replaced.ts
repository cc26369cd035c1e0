import { grouped } from '@carillon/core/group-by'
import type { Decision } from '@carillon/core/routing/decision'
import type { Evolution } from '@carillon/core/store/ports/inbox'
import type { InboxItem } from '@carillon/schemas'
import { replacedMessages, type UserMessages } from '../items/announce.ts'
import type { Entry } from './item.ts'

/**
 * An entry for which no item was added. `replaced`: its content replaced that of an earlier item; `item` is the result.
 * `superseded`: the inbox had a newer version. `recalled`: its notification was recalled concurrently.
 */
export type Replaced = {
  entry: Entry
  outcome: Exclude<Evolution['outcome'], 'added'>
  item?: InboxItem
}

/** Reports whether an entry replaces the newest item of its entity. */
export const isEvolving = ({ ready: { notification }, planned }: Entry): boolean =>
  notification.replace === true && notification.entity !== undefined && planned.inbox !== 'none'

/** Returns the decision about a recipient for whom no item was added. No steps start. */
export const replacedDecision = ({ outcome }: Replaced, now: number): Decision => {
  const decision = { at: now, stage: 'inbox', channel: 'inbox', by: 'sender' } as const
  if (outcome === 'recalled') return { ...decision, outcome: 'end', reason: 'cancelled' }
  const path = 'replace'
  return outcome === 'replaced'
    ? { ...decision, path, outcome: 'pass', reason: 'replaced' }
    : { ...decision, path, outcome: 'skip', reason: 'superseded' }
}

/** Returns the live messages about replaced items. Each item appears once, in its latest version. */
export const replacementMessages = (replaced: readonly Replaced[]): UserMessages[] => {
  const byUser = grouped(replaced, ({ entry: { ready, user } }) => `${ready.tenant}\n${user}`)
  return [...byUser.values()].flatMap((some) => {
    const { ready, user } = some[0]!.entry
    const items = new Map(some.flatMap(({ item }) => (item ? [[item.id, item]] : [])))
    return items.size === 0 ? [] : [replacedMessages(ready.tenant, user, [...items.values()])]
  })
}
