import type { Decision } from '@carillon/core/routing/decision'
import type { InboxItem } from '@carillon/schemas'
import type { Told } from '../items/announce.ts'
import type { Entry } from './item.ts'

/** An entry whose content took the place of an item's. `item`: the item now; absent if the inbox had a newer version. */
export type Replaced = { entry: Entry; item?: InboxItem }

/** Reports whether an entry replaces the newest item of its entity. */
export const isEvolving = ({ ready: { notification }, planned }: Entry): boolean =>
  notification.replace === true && notification.entity !== undefined && planned.inbox !== 'none'

/** Returns the decision about a recipient for whom an item was replaced. It starts no steps. */
export const replacedDecision = ({ item }: Replaced, now: number): Decision => ({
  ...{ at: now, stage: 'inbox', channel: 'inbox', by: 'sender', path: 'replace' },
  ...(item ? { outcome: 'pass', reason: 'replaced' } : { outcome: 'skip', reason: 'superseded' }),
})

/** Returns what the apps of users are told about replaced items. */
export const toldOf = (replaced: readonly Replaced[]): Told[] =>
  replaced.flatMap(({ entry: { ready, user }, item }) =>
    item
      ? [
          {
            ...{ tenant: ready.tenant, user, contexts: [item.context ?? ''] },
            eventsFor: (counts) => [
              { event: 'inbox.changed' as const, payload: { ids: [item.id], patch: {}, item, counts } },
            ],
          },
        ]
      : [],
  )
