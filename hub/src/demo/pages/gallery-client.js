/** A client without a hub, for the gallery: it holds its items in memory. */
import { galleryPreferences } from './gallery-preferences.js'

const NONE = { receivedAt: null, seenAt: null, readAt: null, archivedAt: null, snoozedUntil: null, acted: {} }
const now = () => new Date().toISOString()

/** Returns an item that arrived this many minutes ago. */
export const item = (minutes, content) => {
  const createdAt = new Date(Date.now() - minutes * 60_000).toISOString()
  const id = `item-${minutes}`
  return {
    ...NONE,
    id,
    notification: id,
    type: 'demo',
    priority: 'normal',
    createdAt,
    arrivedAt: createdAt,
    ...content,
  }
}

const isIn = (status, { readAt, archivedAt, snoozedUntil }) =>
  ({
    active: !archivedAt && !snoozedUntil,
    unread: !archivedAt && !snoozedUntil && !readAt,
    snoozed: !!snoozedUntil,
    archived: !!archivedAt,
  })[status]

/**
 * Returns a client with these items. `status` is the status of its feeds, `connection` the state of the connection, `error` is emitted at
 * once, and `refuses` makes every change fail. `quiet`, `isPaused`, `long` and `language` are passed to the preferences.
 */
export const galleryClient = ({
  items = [],
  status = 'ready',
  connection = 'live',
  error,
  refuses = false,
  counts,
  quiet = false,
  isPaused = false,
  long = false,
  language = 'en',
}) => {
  let all = items
  const listeners = new Set()
  const subscribe = (listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  const set = (next) => {
    all = next
    snapshots.clear()
    totals = undefined
    byCategory = undefined
    for (const listener of listeners) listener()
  }
  const snapshots = new Map()
  let byCategory
  let totals
  const active = () => all.filter((each) => isIn('active', each))
  const countsNow = () => {
    totals ??= counts ?? {
      unread: active().filter(({ readAt }) => !readAt).length,
      unseen: active().filter(({ seenAt }) => !seenAt).length,
    }
    return totals
  }
  const countsByCategory = () => {
    if (byCategory) return byCategory
    byCategory = new Map()
    for (const { category, readAt, seenAt } of active()) {
      const { unread, unseen } = byCategory.get(category) ?? { unread: 0, unseen: 0 }
      byCategory.set(category, { unread: unread + (readAt ? 0 : 1), unseen: unseen + (seenAt ? 0 : 1) })
    }
    return byCategory
  }
  const change = (patch) => async (id) => {
    if (refuses) throw Object.assign(new Error('refused'), { status: 503 })
    set(all.map((each) => (each.id === id ? { ...each, ...patch() } : each)))
  }
  const verbs = {
    clicked: change(() => ({ readAt: now(), seenAt: now() })),
    read: change(() => ({ readAt: now(), seenAt: now() })),
    unread: change(() => ({ readAt: null })),
    archive: change(() => ({ archivedAt: now() })),
    unarchive: change(() => ({ archivedAt: null })),
    snooze: (id, until) => change(() => ({ snoozedUntil: until && new Date(until).toISOString() }))(id),
    act: (id, name) => change(() => ({ acted: { [name]: now() }, readAt: now() }))(id),
    remove: async (id) => set(all.filter((each) => each.id !== id)),
    seen: async () => {},
    archiveAll: async () => set(all.map((each) => (each.readAt ? { ...each, archivedAt: now() } : each))),
    readAll: async () => set(all.map((each) => ({ ...each, readAt: now(), seenAt: now() }))),
    more: async () => {},
    refresh: async () => {},
  }

  return {
    counts: { getSnapshot: countsNow, subscribe },
    connection,
    now: Date.now,
    clicked: verbs.clicked,
    countsBy: () => ({ getSnapshot: countsByCategory, subscribe }),
    preferences: galleryPreferences({ quiet, refuses, language, isPaused, long }),
    item: (id) => all.find((each) => each.id === id),
    on(event, listener) {
      if (event === 'error' && error) setTimeout(() => listener(error))
      if (event === 'notification') galleryClient.announce = listener
      return () => {}
    },
    feed: ({ status: wanted = 'active', category, group } = {}) => ({
      ...verbs,
      subscribe,
      getSnapshot() {
        const key = JSON.stringify([wanted, category, group])
        const isListed = (each) =>
          isIn(wanted, each) &&
          (!category || each.category === category) &&
          (group ? each.group?.key === group : !each.group || each.group.count)
        const listed = all.filter(isListed)
        if (!snapshots.has(key))
          snapshots.set(key, { items: listed, counts: countsNow(), status, hasMore: false, error: null })
        return snapshots.get(key)
      },
      close() {},
    }),
    close() {},
    /** Adds an item, as if it had just arrived. */
    add(next) {
      set([next, ...all])
    },
  }
}
