import type { InboxItem, InboxPage, ItemPatch } from '@carillon/schemas'
import { placeOf, type Query } from '../inbox/query.ts'
import type { Inboxes } from './inboxes.ts'

export type Request = { method: string; path: string; query: URLSearchParams; body: unknown; token: string }

/** The part of the test hub that the routes use. */
type Changes = {
  /** The batches of acknowledged ids. */
  received: string[][]
  /** A pause between the steps of reading a page. */
  pause: () => Promise<void> | undefined
  /** Whether pages have a position: those for a token with several contexts have none. */
  isPlaced: boolean
  change(user: string, ids: readonly string[], patch: Partial<InboxItem>): void
  remove(user: string, id: string): void
}

type Part = Partial<Query> & { ids?: string[]; through?: string }

const ALL = { 'read-all': 'unread', 'seen-all': 'unseen', 'archive-all': 'active' } as const

const patchOf = (item: InboxItem, patch: ItemPatch): Partial<InboxItem> => {
  const at = new Date().toISOString()
  return {
    ...(patch.read === true && { readAt: item.readAt ?? at, seenAt: item.seenAt ?? at }),
    ...(patch.read === false && { readAt: null }),
    ...(patch.archived !== undefined && { archivedAt: patch.archived ? (item.archivedAt ?? at) : null }),
    ...(patch.snoozedUntil !== undefined && { snoozedUntil: patch.snoozedUntil }),
  }
}

/** Creates the routes below `/v1/inbox`. They return the body of a response, or the code of a problem. */
export const createInboxRoutes = (inboxes: Inboxes, hub: Changes) => {
  const { counts, countsByCategory, page } = inboxes

  /** Reads a page as the hub does, which is not atomic: the live position, then the counts, then the items. */
  const readPage = async (user: string, query: URLSearchParams): Promise<InboxPage> => {
    const { epoch, seq } = inboxes.of(user)
    await hub.pause()
    const counted = counts(user)
    await hub.pause()
    const found = page(user, {
      status: (query.get('status') ?? 'active') as Query['status'],
      category: query.get('category') ?? undefined,
      tag: query.get('tag') ?? undefined,
      context: query.get('context') ?? undefined,
      display: query.get('display')?.split(',') as Query['display'],
      limit: Number(query.get('limit') ?? 20),
      before: query.get('before') ?? undefined,
    })
    return { ...found, counts: counted, position: hub.isPlaced ? { epoch, seq } : null }
  }

  /** Changes the items that the body names, or all that it selects. */
  const changeMany = (user: string, verb: string, { through: last = '', ids: named, ...part }: Part) => {
    const { items } = inboxes.of(user)
    const at = new Date().toISOString()
    const through = items.get(last)
    const ids = (
      named ??
      page(user, { status: ALL[verb as keyof typeof ALL], ...part, limit: 1_000 })
        .items.filter((each) => !through || placeOf(each) <= placeOf(through))
        .map((each) => each.id)
    ).filter((each) => verb !== 'seen' || items.get(each)?.seenAt === null)
    const unseen = ids.filter((each) => !items.get(each)?.seenAt)
    const seen = ids.filter((each) => !unseen.includes(each))
    if (verb === 'archive-all') hub.change(user, ids, { archivedAt: at })
    else if (verb === 'read-all') {
      hub.change(user, unseen, { readAt: at, seenAt: at })
      hub.change(user, seen, { readAt: at })
    } else if (verb === 'clicked') hub.change(user, ids, { readAt: at, seenAt: at, clickedAt: at })
    else hub.change(user, ids, { seenAt: at })
    if (named) return { ids, counts: counts(user) }
    return { counts: counts(user), ...(verb === 'archive-all' && { archivedAt: at }) }
  }

  /** Restores the items that were archived at a time; one in each request. */
  const unarchiveAll = (user: string, { archivedAt }: { archivedAt: string }) => {
    const found = [...inboxes.of(user).items.values()].filter((item) => item.archivedAt === archivedAt)
    const ids = found.slice(0, 1).map(({ id }) => id)
    hub.change(user, ids, { archivedAt: null })
    return { ids, counts: counts(user), after: found.length > 1 ? 'cursor' : null }
  }

  return (user: string, { method, path, query, body }: Request): unknown => {
    const { items } = inboxes.of(user)
    if (path === '/received') {
      hub.received.push((body as { ids: string[] }).ids)
      return {}
    }
    const [id = '', sub, name] = path.split('/').slice(1).map(decodeURIComponent)
    if (method === 'GET' && path === '/counts') {
      const context = query.get('context') ?? undefined
      const by = query.get('by') === 'category' ? countsByCategory(user, context) : {}
      return { ...counts(user, context), ...(query.has('by') && { by: { category: by } }) }
    }
    if (method === 'GET') return readPage(user, query)
    if (path === '/unarchive-all') return unarchiveAll(user, body as { archivedAt: string })
    if (method === 'POST' && !sub) return changeMany(user, id, body as Part)
    const item = items.get(id)
    if (!item) return 'not_found'
    if (method === 'DELETE') {
      hub.remove(user, id)
      return { counts: counts(user) }
    }
    const acted = { ...patchOf(item, { read: true }), acted: { [name ?? '']: new Date().toISOString() } }
    hub.change(user, [id], sub ? acted : patchOf(item, body as ItemPatch))
    return { item: items.get(id), counts: counts(user) }
  }
}
