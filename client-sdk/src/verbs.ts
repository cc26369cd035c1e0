import type { Counts, ItemPatch, ItemState } from '@carillon/schemas'
import type { Answer, Api } from './api.ts'
import { asError, type CarillonError, handled } from './error.ts'
import { isActive, NONE, shifted, weight } from './items.ts'
import { begin, drop, type Op, type State, settle } from './state.ts'
import type { Store } from './store.ts'

/** The hub takes so many ids in one request. */
const IDS_MAX = 100

type AllVerb = 'read-all' | 'seen-all' | 'archive-all'

/**
 * What a person does with items. Each change shows at once, is sent in the order of the changes to the same item,
 * and is taken back when the hub refuses it or does not answer. The promises reject with CarillonError, which
 * `fail` hears as well, so that they need not be awaited.
 */
export const createVerbs = (options: {
  store: Store<State>
  api: Api
  fail: (error: CarillonError) => void
}) => {
  const { store, api } = options
  const busy = new Map<string, Promise<unknown>>()

  const run = async (op: Op, before: Promise<unknown>[], call: () => Promise<Answer>): Promise<void> => {
    store.set(begin(store.getSnapshot(), op))
    await Promise.allSettled(before)
    const since = store.getSnapshot().last
    try {
      const answer = await call()
      store.set(settle(store.getSnapshot(), op, answer, { since, now: Date.now() }))
    } catch (thrown) {
      const error = asError(thrown)
      // Removing what is not there has done what it should.
      if (error.code === 'not_found' && op.change === null) {
        const { counts } = drop(store.getSnapshot(), op)
        store.set({
          ...settle(store.getSnapshot(), op, { counts }, { since, now: Date.now() }),
          doubtful: true,
        })
        return
      }
      store.set({ ...drop(store.getSnapshot(), op), doubtful: true })
      options.fail(error)
      throw error
    }
  }

  /** `keys`: what the change must not overtake; `*` is everything. */
  const perform = (op: Op, keys: readonly string[], call: () => Promise<Answer>): Promise<void> => {
    const before = keys.includes('*')
      ? [...busy.values()]
      : [...keys, '*'].flatMap((key) => busy.get(key) ?? [])
    const done = run(op, before, call)
    const ended = done.catch(() => {})
    for (const key of keys) busy.set(key, ended)
    void ended.then(() => {
      for (const key of keys) if (busy.get(key) === ended) busy.delete(key)
    })
    return done
  }

  const one = (id: string, change: Partial<ItemState> | null, call: () => Promise<Answer>) =>
    perform({ ids: [id], change, unloaded: NONE }, [id], call)
  const patch = (id: string, change: Partial<ItemState>, body: ItemPatch) =>
    one(id, change, () => api.patch(id, body))
  const now = () => new Date().toISOString()

  /** A change to every active item of the category, known or not; without one, of the inbox. */
  const all = (verb: AllVerb, category: string | undefined, change: Partial<ItemState>) => {
    const { items, counts } = store.getSnapshot()
    const at = Date.now()
    const active = [...items.values()].filter((item) => isActive(item, at))
    const named = active.filter((item) => category === undefined || item.category === category)
    const rest = active.reduce((left, item) => shifted(left, weight(item, at), NONE), counts)
    const unloaded: Counts =
      category !== undefined ? NONE : verb === 'seen-all' ? { unread: 0, unseen: rest.unseen } : rest
    return perform({ ids: named.map(({ id }) => id), change, unloaded }, ['*'], () => api.all(verb, category))
  }

  return {
    read: (id: string) => patch(id, { readAt: now(), seenAt: now() }, { read: true }),
    unread: (id: string) => patch(id, { readAt: null }, { read: false }),
    archive: (id: string) => patch(id, { archivedAt: now() }, { archived: true }),
    unarchive: (id: string) => patch(id, { archivedAt: null }, { archived: false }),
    snooze(id: string, until: Date | string | null) {
      const snoozedUntil = until === null ? null : new Date(until).toISOString()
      return patch(id, { snoozedUntil }, { snoozedUntil })
    },
    remove: (id: string) => one(id, null, () => api.remove(id)),
    act: (id: string, name: string) => one(id, { acted: { [name]: now() } }, () => api.act(id, name)),
    seen(ids: readonly string[]): Promise<void> {
      const { items, pending } = store.getSnapshot()
      const news = ids.filter(
        (id) => !items.get(id)?.seenAt && !pending.some((op) => op.change?.seenAt && op.ids.includes(id)),
      )
      const calls: Promise<void>[] = []
      for (let at = 0; at < news.length; at += IDS_MAX) {
        const some = news.slice(at, at + IDS_MAX)
        calls.push(
          perform({ ids: some, change: { seenAt: now() }, unloaded: NONE }, some, () => api.seen(some)),
        )
      }
      return handled(Promise.all(calls).then(() => {}))
    },
    readAll: (category?: string) => all('read-all', category, { readAt: now(), seenAt: now() }),
    seenAll: (category?: string) => all('seen-all', category, { seenAt: now() }),
    archiveAll: (category?: string) => all('archive-all', category, { archivedAt: now() }),
  }
}
export type Verbs = ReturnType<typeof createVerbs>
