import { uuid7Time } from '@carillon/core/notification/ids'
import type { AllVerb, Inbox, Owner } from '@carillon/core/store/ports/inbox'
import { type Counts, changeOf, type ItemFilter } from '@carillon/schemas'
import { type AfterChange, grouped, itemsWhere } from './after-change.ts'
import type { Announcer } from './announce.ts'

/** Returns the verbs that change many items. */
export const createBulkVerbs = (parts: {
  inbox: Inbox
  counts: (owner: Owner) => Promise<Counts>
  afterChange: AfterChange
  announce: Announcer
}) => {
  const { inbox, counts: countsOf, afterChange, announce } = parts

  return {
    /** Marks items as seen. Unknown ids are ignored. Returns the ids of the items that were unseen before. */
    seen: async (owner: Owner, ids: readonly string[]): Promise<{ ids: string[]; counts: Counts }> => {
      const known = [...new Set(ids)].filter((id) => uuid7Time(id) !== undefined)
      const now = Date.now()
      const groups = grouped(await inbox.change(owner, known, (item) => changeOf(item, { seen: true }, now)))
      const counts = await afterChange(owner, groups, { seen: true })
      return { ids: itemsWhere(groups, () => true).map(({ id }) => id), counts }
    },

    /**
     * Changes every active item with these labels that was stored before the call. After a failure, a
     * repetition completes the change. Items newer than `through` do not change, so a late request changes no
     * more than was intended.
     */
    all: async (
      owner: Owner,
      verb: AllVerb,
      query: ItemFilter & { through?: string } = {},
    ): Promise<{ counts: Counts }> => {
      const now = Date.now()
      const { items, all: marked } = await inbox.changeAll(owner, verb, query)
      if (!marked) return { counts: await afterChange(owner, grouped(items), { [verb]: true }) }
      const { through: _, ...filter } = query
      const counts = await countsOf(owner)
      await announce.changedAll(owner, { verb, filter, at: new Date(now).toISOString() }, counts)
      return { counts }
    },
  }
}
