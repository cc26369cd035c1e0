import { uuid7Time } from '@carillon/core/notification/ids'
import type { AllVerb, BulkFilter, ChangedItem, Inbox, InboxCursor } from '@carillon/core/store/ports/inbox'
import { type Counts, changeOf, type InboxItem, sees } from '@carillon/schemas'
import { type AfterChange, grouped, itemsWhere } from './after-change.ts'
import type { Announcer } from './announce.ts'
import { requireContext, type Viewer } from './viewer.ts'

/** Maximum archived items that one request examines. */
const EXAMINED_MAX = 2_000
/** Items read at once. */
const PAGE = 100

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
     * more than was intended. Throws `forbidden` for a context that the token excludes. `at`: the time of the change, as in
     * the changed items.
     */
    all: async (
      viewer: Viewer,
      verb: AllVerb,
      query: BulkFilter & { through?: string } = {},
    ): Promise<{ counts: Counts; at: string }> => {
      requireContext(viewer, query.context)
      const now = Date.now()
      const contexts = query.context === undefined ? viewer.contexts : [query.context]
      const parts = contexts?.map((context) => ({ ...query, context })) ?? [query]
      const done: { part: typeof query; changed: Awaited<ReturnType<Inbox['changeAll']>> }[] = []
      for (const part of parts)
        done.push({ part, changed: await inbox.changeAll(viewer, verb, { ...part, at: now }) })
      const at = new Date(now).toISOString()
      const items = done.flatMap(({ changed }) => changed.items)
      const counts = await afterChange(viewer, grouped(items), { [verb]: true })
      for (const { part, changed } of done) {
        const { through: _, ...filter } = part
        if (changed.all) await announce.changedAll(viewer, { verb, filter, at }, counts)
      }
      return { counts, at }
    },

    /**
     * Restores the items that were archived at this time. Examines at most EXAMINED_MAX archived items; `next` is the
     * cursor for the next call. Throws `forbidden` for a context that the token excludes.
     */
    unarchiveAll: async (
      viewer: Viewer,
      {
        archivedAt,
        context,
        before,
      }: { archivedAt: string; context?: string | undefined; before?: InboxCursor },
    ): Promise<{ ids: string[]; counts: Counts; next?: InboxCursor }> => {
      requireContext(viewer, context)
      const now = Date.now()
      const at = new Date(archivedAt).toISOString()
      const query = { status: 'archived', context, contexts: viewer.contexts, limit: PAGE } as const
      const changed: ChangedItem[] = []
      let next = before
      for (let examined = 0; examined < EXAMINED_MAX; examined += PAGE) {
        const page = await inbox.page(viewer, { ...query, ...(next && { before: next }) })
        const ids = page.items.filter((item) => item.archivedAt === at).map(({ id }) => id)
        const restore = (item: InboxItem) =>
          item.archivedAt === at ? changeOf(item, { archived: false }, now) : {}
        if (ids.length > 0) changed.push(...(await inbox.change(viewer, ids, restore)))
        next = page.next
        if (!next) break
      }
      const groups = grouped(changed)
      const counts = await afterChange(viewer, groups, { archived: false })
      const ids = itemsWhere(groups, () => true).map(({ id }) => id)
      return { ids, counts, ...(next && { next }) }
    },
  }
}
