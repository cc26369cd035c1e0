import type { Counts, ItemPatch, ItemState } from '@carillon/schemas'
import type { Answer, Api } from './api.ts'
import { asError, type CarillonError } from './error.ts'
import { matches, NONE, type Query } from './items.ts'
import { createQueue } from './queue.ts'
import { begin, drop, type Op, type State, settle } from './state.ts'
import type { Readable, Store } from './store.ts'
import type { View } from './view.ts'

/** Which of the active items an *All verb reaches. */
type Part = Omit<Query, 'status'>

/**
 * What a person does with items. Each change shows at once, is sent after those before it, and is taken back when
 * the hub refuses it or does not answer. The promises reject with CarillonError, which `fail` hears as well.
 */
export const createVerbs = ({
  store,
  view,
  api,
  fail,
}: {
  store: Store<State>
  view: Readable<View>
  api: Api
  fail: (error: CarillonError) => void
}) => {
  const queue = createQueue()

  const perform = (op: Op, call: () => Promise<Answer>): Promise<void> => {
    store.set(begin(store.getSnapshot(), op))
    return queue(async () => {
      const since = store.getSnapshot().last
      try {
        const answer = await call()
        store.set(settle(store.getSnapshot(), op, answer, since, Date.now()))
      } catch (thrown) {
        const error = asError(thrown)
        store.set({ ...drop(store.getSnapshot(), op), doubtful: true })
        fail(error)
        throw error
      }
    })
  }

  const patch = (id: string, change: Partial<ItemState>, body: ItemPatch) =>
    perform({ ids: [id], change }, () => api.patch(id, body))
  const now = () => new Date().toISOString()
  const read = () => ({ readAt: now(), seenAt: now() })

  /** A change to every active item of a part, known or not. */
  const all = (verb: string, part: Part, change: Partial<ItemState>, rest: Partial<Counts>) => {
    const ids = [...view.getSnapshot().items.values()].flatMap((item) =>
      matches(item, { status: 'active', ...part }, Date.now()) ? item.id : [],
    )
    return perform({ ids, change, ...(part.category || part.tag ? {} : { rest }) }, () => api.all(verb, part))
  }

  return {
    read: (id: string) => patch(id, read(), { read: true }),
    unread: (id: string) => patch(id, { readAt: null }, { read: false }),
    archive: (id: string) => patch(id, { archivedAt: now(), snoozedUntil: null }, { archived: true }),
    unarchive: (id: string) => patch(id, { archivedAt: null }, { archived: false }),
    snooze(id: string, until: Date | string | null) {
      const snoozedUntil = until && new Date(until).toISOString()
      return patch(id, { snoozedUntil, ...(until && { archivedAt: null }) }, { snoozedUntil })
    },
    remove: (id: string) => perform({ ids: [id], change: null }, () => api.remove(id)),
    act: (id: string, name: string) =>
      perform({ ids: [id], change: { ...read(), acted: { [name]: now() } } }, () => api.act(id, name)),
    seen(ids: readonly string[]) {
      const { items } = view.getSnapshot()
      const news = ids.filter((id) => !items.get(id)?.seenAt)
      return news.length > 0
        ? perform({ ids: news, change: { seenAt: now() } }, () => api.seen(news))
        : Promise.resolve()
    },
    readAll: (part: Part) => all('read-all', part, read(), NONE),
    seenAll: (part: Part) => all('seen-all', part, { seenAt: now() }, { unseen: 0 }),
    archiveAll: (part: Part) => all('archive-all', part, { archivedAt: now() }, NONE),
  }
}
export type Verbs = ReturnType<typeof createVerbs>
