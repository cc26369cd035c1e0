import { uuid7Time } from '@carillon/core/notification/ids'
import type { AllVerb, Inbox, SweepFilter } from '@carillon/core/store/ports/inbox'
import { type Counts, changeOf, sees } from '@carillon/schemas'
import { type AfterChange, grouped, itemsWhere } from './after-change.ts'
import type { Announcer } from './announce.ts'
import { requireContext, type Viewer } from './viewer.ts'

/** Returns the verbs that change many items. */
export const createBulkVerbs = (parts: { inbox: Inbox; afterChange: AfterChange; announce: Announcer }) => {
  const { inbox, afterChange, announce } = parts

  return {
    /**
     * Marks items as seen. Unknown ids, and those of contexts that the token excludes, are ignored. Returns the ids of the
     * items that were unseen before.
     */
    seen: async (viewer: Viewer, ids: readonly string[]): Promise<{ ids: string[]; counts: Counts }> => {
      const known = [...new Set(ids)].filter((id) => uuid7Time(id) !== undefined)
      const now = Date.now()
      const groups = grouped(
        await inbox.change(viewer, known, (item) =>
          sees(viewer.contexts, item) ? changeOf(item, { seen: true }, now) : {},
        ),
      )
      const counts = await afterChange(viewer, groups, { seen: true })
      return { ids: itemsWhere(groups, () => true).map(({ id }) => id), counts }
    },

    /**
     * Changes every active item with these labels that was stored before the call and that the token includes. After a
     * failure, a repetition completes the change. Items newer than `through` do not change, so a late request changes no
     * more than was intended. Throws `forbidden` for a context that the token excludes.
     */
    all: async (
      viewer: Viewer,
      verb: AllVerb,
      query: SweepFilter & { through?: string } = {},
    ): Promise<{ counts: Counts }> => {
      requireContext(viewer, query.context)
      const now = Date.now()
      const contexts = query.context === undefined ? viewer.contexts : [query.context]
      const parts = contexts?.map((context) => ({ ...query, context })) ?? [query]
      const done: { part: typeof query; changed: Awaited<ReturnType<Inbox['changeAll']>> }[] = []
      for (const part of parts) done.push({ part, changed: await inbox.changeAll(viewer, verb, part) })
      const items = done.flatMap(({ changed }) => changed.items)
      const counts = await afterChange(viewer, grouped(items), { [verb]: true })
      for (const { part, changed } of done) {
        const { through: _, ...filter } = part
        if (changed.all)
          await announce.changedAll(viewer, { verb, filter, at: new Date(now).toISOString() }, counts)
      }
      return { counts }
    },
  }
}
