import type { ClickSource, ItemPatch, ItemState } from '@carillon/schemas'
import type { ListFilter } from '@carillon/schemas/item-rules'
import type { ActionsApi, Answer } from '../http/actions-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import { matches, placeOf } from '../inbox/query.ts'
import type { Operation } from '../inbox/state.ts'
import type { Readable } from '../store/store.ts'
import type { Clock } from '../timing/clock.ts'
import type { Outbox } from './outbox.ts'

/**
 * `group`: also changes the other items of its group that are active, archived or snoozed like it. The feed shows that once the
 * hub has confirmed it.
 */
export type GroupOption = { group?: boolean | undefined }

/**
 * `together`: with `group`, only the items that were archived at the same time, or snoozed until the same time. This undoes an
 * action on the group.
 */
export type UndoOption = GroupOption & { together?: boolean | undefined }

/** `status: 'read'`: only items that are read. */
export type ArchiveOption = { status?: 'read' }

/** `undo` restores exactly the items that were archived. */
export type Archived = { undo(): Promise<void> }

/** Creates the actions of a user on items. Each is an optimistic change and a request, which the outbox sends. */
export const createActions = (api: ActionsApi, view: Readable<View>, clock: Clock, { send }: Outbox) => {
  const now = () => new Date(clock.now()).toISOString()
  const read = () => ({ readAt: now(), seenAt: now() })
  const patch = (verb: string, id: string, change: Partial<ItemState>, body: ItemPatch) =>
    send({ verb, ids: [id], change, call: () => api.patch(id, body) })

  /** Changes every active item with these labels, loaded or not, whatever its `display`. Later items do not change. */
  const all = (
    verb: string,
    { display: _, ...labels }: ListFilter,
    change: Partial<ItemState>,
    status?: 'read',
    call = api.all,
  ) => {
    const { items } = view.getSnapshot()
    const ids: string[] = []
    let end = ''
    let through: string | undefined
    for (const item of items.values()) {
      if (matches(item, { status: status ?? 'active', ...labels }, clock.now())) ids.push(item.id)
      if (placeOf(item) > end) [end, through] = [placeOf(item), item?.id]
    }
    const names: Operation['rest'] = verb === 'seen-all' ? ['unseen'] : ['unread', 'unseen']
    const rest = status || Object.keys(labels).length > 0 ? [] : names
    const part = { ...labels, status, through }
    return send({ verb, ids, change, end, rest, call: () => call(verb, part) })
  }

  return {
    read: (id: string, options?: GroupOption) => patch('read', id, read(), { read: true, ...options }),
    unread: (id: string, options?: GroupOption) =>
      patch('unread', id, { readAt: null }, { read: false, ...options }),
    archive: (id: string, options?: GroupOption) =>
      patch('archive', id, { archivedAt: now(), snoozedUntil: null }, { archived: true, ...options }),
    unarchive: (id: string, options?: UndoOption) =>
      patch('unarchive', id, { archivedAt: null }, { archived: false, ...options }),
    snooze(id: string, until: Date | string | null, options?: UndoOption) {
      const snoozedUntil = until && new Date(until).toISOString()
      const change = { snoozedUntil, ...(until && { archivedAt: null }) }
      return patch('snooze', id, change, { snoozedUntil, ...options })
    },
    remove: (id: string, options?: GroupOption) =>
      send({ verb: 'remove', ids: [id], change: null, call: () => api.remove(id, options?.group) }),
    act: (id: string, name: string) =>
      send({
        ...{ verb: 'act', ids: [id], change: { ...read(), acted: { [name]: now() } } },
        call: () => api.act(id, name),
      }),
    clicked: (id: string, via: ClickSource = 'inbox') =>
      send({
        ...{ verb: 'clicked', ids: [id], change: { ...read(), clickedAt: now() } },
        call: () => api.clicked(id, via),
      }),
    seen(ids: readonly string[]) {
      const { items } = view.getSnapshot()
      const news = ids.filter((id) => !items.get(id)?.seenAt)
      return news.length > 0
        ? send({ verb: 'seen', ids: news, change: { seenAt: now() }, call: () => api.seen(news) })
        : Promise.resolve()
    },
    readAll: (labels: ListFilter) => all('read-all', labels, read()),
    seenAll: (labels: ListFilter) => all('seen-all', labels, { seenAt: now() }),
    async archiveAll(labels: ListFilter, { status }: ArchiveOption = {}): Promise<Archived> {
      let answer: Answer = {}
      await all('archive-all', labels, { archivedAt: now() }, status, async (...request) => {
        answer = await api.all(...request)
        return answer
      })
      return { undo: async () => (await import('./undo-archive.ts')).undoArchive(answer, api.all, send) }
    },
  }
}
export type Actions = ReturnType<typeof createActions>
