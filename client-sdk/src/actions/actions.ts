import type { ItemPatch, ItemState } from '@carillon/schemas'
import { asError, CarillonError } from '../http/error.ts'
import type { Answer, Api } from '../http/inbox-api.ts'
import type { View } from '../inbox/optimistic-view.ts'
import { begin, drop, settle } from '../inbox/pending.ts'
import { matches, placeOf, type Query } from '../inbox/query.ts'
import type { Op, State } from '../inbox/state.ts'
import type { Readable, Store } from '../store/store.ts'
import { backoff } from '../timing/backoff.ts'
import { createQueue } from '../timing/serial-queue.ts'
import type { Timing } from '../timing/timing.ts'

/** Which of the active items an *All verb reaches. */
type Part = Omit<Query, 'status'>

/** An action, and how to send it. */
type Sent = Op & { verb: string; call: () => Promise<Answer> }

/** More actions than this do not wait; the next one is refused. */
const PENDING_MAX = 500

/**
 * What a person does with items. Each action shows at once and is sent after those before it. While the hub cannot be
 * reached it stays, and is sent again with backoff. If it is refused for good it is undone, the promise rejects with a
 * CarillonError that has the `action`, and `fail` is called with it.
 */
export const createVerbs = ({
  store,
  view,
  api,
  fail,
  timing,
  signal,
}: {
  store: Store<State>
  view: Readable<View>
  api: Api
  fail: (error: CarillonError) => void
  timing: Timing
  /** Aborted when the client is closed: what waits is then sent once more, in order. */
  signal: AbortSignal
}) => {
  const queue = createQueue()
  /** Ends the pause before the next attempt. */
  let hurry = () => {}

  /** Tells of an action that was undone; rejects. */
  const undone = async ({ verb, ids, rest }: Sent, error: CarillonError) => {
    const action = { verb, ids: rest ? [] : ids, problem: error.message }
    fail(Object.assign(error, { action, message: `${verb} ${action.ids} failed: ${error.message}` }))
    throw error
  }

  const perform = (op: Sent): Promise<void> => {
    if (signal.aborted || store.getSnapshot().pending.length >= PENDING_MAX)
      return createQueue()(() => undone(op, new CarillonError('not_sent', 'not_sent')))
    store.set(begin(store.getSnapshot(), op))
    return queue(async () => {
      for (let failures = 1; ; failures++) {
        const since = store.getSnapshot().last
        try {
          const answer = await op.call()
          return store.set(settle(store.getSnapshot(), op, answer, since, Date.now()))
        } catch (thrown) {
          const error = asError(thrown)
          // The eighth answer of 500 may be about this one action: it must not hold up the others.
          if (signal.aborted || !error.temporary || (error.status === 500 && failures > 7)) {
            store.set({ ...drop(store.getSnapshot(), op), doubtful: true })
            return undone(op, error)
          }
          await new Promise<void>((resolve) => {
            setTimeout(resolve, backoff(error, failures, timing))
            // Where the hub asked for a wait, nothing shortens it.
            hurry = error.retryAfter ? hurry : resolve
          })
        }
      }
    })
  }

  const patch = (verb: string, id: string, change: Partial<ItemState>, body: ItemPatch) =>
    perform({ verb, ids: [id], change, call: () => api.patch(id, body) })
  const now = () => new Date().toISOString()
  const read = () => ({ readAt: now(), seenAt: now() })

  /** A change to every active item of a part that is there now, known or not. */
  const all = (verb: string, part: Part, change: Partial<ItemState>) => {
    const { items } = view.getSnapshot()
    const ids: string[] = []
    // What arrives before the hub hears of it is left alone.
    let end = ''
    let through: string | undefined
    for (const item of items.values()) {
      if (matches(item, { status: 'active', ...part }, Date.now())) ids.push(item.id)
      if (placeOf(item) > end) [end, through] = [placeOf(item), item?.id]
    }
    const names: Op['rest'] = verb === 'seen-all' ? ['unseen'] : ['unread', 'unseen']
    const rest = Object.keys(part).length > 0 ? [] : names
    return perform({ verb, ids, change, end, rest, call: () => api.all(verb, { ...part, through }) })
  }

  return {
    verbs: {
      read: (id: string) => patch('read', id, read(), { read: true }),
      unread: (id: string) => patch('unread', id, { readAt: null }, { read: false }),
      archive: (id: string) =>
        patch('archive', id, { archivedAt: now(), snoozedUntil: null }, { archived: true }),
      unarchive: (id: string) => patch('unarchive', id, { archivedAt: null }, { archived: false }),
      snooze(id: string, until: Date | string | null) {
        const snoozedUntil = until && new Date(until).toISOString()
        return patch('snooze', id, { snoozedUntil, ...(until && { archivedAt: null }) }, { snoozedUntil })
      },
      remove: (id: string) =>
        perform({ verb: 'remove', ids: [id], change: null, call: () => api.remove(id) }),
      act: (id: string, name: string) =>
        perform({
          ...{ verb: 'act', ids: [id], change: { ...read(), acted: { [name]: now() } } },
          call: () => api.act(id, name),
        }),
      seen(ids: readonly string[]) {
        const { items } = view.getSnapshot()
        const news = ids.filter((id) => !items.get(id)?.seenAt)
        return news.length > 0
          ? perform({ verb: 'seen', ids: news, change: { seenAt: now() }, call: () => api.seen(news) })
          : Promise.resolve()
      },
      readAll: (part: Part) => all('read-all', part, read()),
      seenAll: (part: Part) => all('seen-all', part, { seenAt: now() }),
      archiveAll: (part: Part) => all('archive-all', part, { archivedAt: now() }),
    },
    /** Tries now what waits for its next attempt, because the hub may be back. */
    hurry() {
      hurry()
    },
    /** Sends all that waits, at once: the page may be about to close. If it does not, the same is sent again, in order. */
    flush() {
      for (const op of store.getSnapshot().pending as readonly Sent[]) op.call().catch(() => {})
    },
  }
}
export type Verbs = ReturnType<typeof createVerbs>['verbs']
