import type { InboxContent } from '@carillon/schemas'
import { grouped, slices } from '../../group-by.ts'
import { uuid7Time } from '../../notification/ids.ts'
import type { Evolution, Inbox, NewItem, Owner } from '../ports/inbox.ts'
import { effective } from './effective.ts'
import { entityNameOf } from './entity-name.ts'
import { inboxItem } from './items.ts'
import { comparePlaces } from './places.ts'
import { type FullRow, isLive, replacing, rewriteRow, versionOf } from './rewrite.ts'
import type { Guide, InboxRows } from './rows.ts'

/** Rows of an entity to read: a few of the newest first, because older ones are rarely needed. */
const READ = [8, 100]
/** Maximum concurrent inboxes. */
const AT_ONCE = 64
/** Maximum number of retries if the user deletes the item at the same time. */
const TRIES = 3

/**
 * The items of an entity in an inbox. `ids`: of all of them, including removed ones, newest first. `missing`: the newest id, if
 * its item was not found: it is being stored, or was removed.
 */
type Known = { ids: string[]; newest: FullRow | undefined; missing: string | undefined; guide: Guide }

/** Returns a function that reads the items of an entity in an inbox. */
const createEntityRead =
  (rows: InboxRows) =>
  async (owner: Owner, name: string): Promise<Known & { live: FullRow[] }> => {
    const reading = rows.guide(owner)
    for (const [index, limit] of READ.entries()) {
      const [guide, entries] = await Promise.all([reading, rows.entityLog(owner, name, limit)])
      const ids = [...new Set(entries.map(({ id }) => id))]
      const now = Date.now()
      const found = ids.length === 0 ? [] : await rows.items(owner, ids, true)
      const live = found
        .filter((row): row is FullRow => isLive(row, now))
        .sort((one, other) => comparePlaces(other, one))
      if (live.length > 0 || entries.length < limit || index === READ.length - 1)
        return {
          ids,
          newest: live[0],
          missing: found.some(({ id }) => id === ids[0]) ? undefined : ids[0],
          guide,
          live,
        }
    }
    throw new RangeError('READ is empty')
  }

/** Implements `Inbox.ofEntity`. */
export const createOfEntity = (rows: InboxRows): Inbox['ofEntity'] => {
  const read = createEntityRead(rows)
  return async (owner, entity) => {
    const name = entityNameOf(entity)
    if (name === undefined) return []
    const { live, guide } = await read(owner, name)
    return live.map((row) => inboxItem(row, row.content, effective(row, guide.marks, Date.now())))
  }
}

/** Implements `Inbox.evolve`. */
export const createEvolve = (rows: InboxRows) => {
  const read = createEntityRead(rows)

  const replaceNewest = async (
    owner: Owner,
    { content, id, expiresAt }: NewItem,
    { guide }: Known,
    newest: FullRow,
  ): Promise<Evolution> => {
    const at = uuid7Time(id) ?? 0
    const before = JSON.parse(newest.content) as InboxContent
    if (before.notification === content.notification) {
      const item = inboxItem(newest, newest.content, effective(newest, guide.marks, Date.now()))
      return { outcome: 'replaced', item }
    }
    // Of two versions of the same millisecond, the one with the greater notification id wins, in any order of arrival.
    const lead = versionOf(newest, before) - at || (before.notification > content.notification ? 1 : -1)
    if (lead > 0) return { outcome: 'superseded' }
    const next = { content: replacing(content, before, at), at, expiresAt }
    return { outcome: 'replaced', item: await rewriteRow(rows, owner, guide, newest, next) }
  }

  /**
   * Replaces an item that another notification is adding concurrently. The item may not be stored yet, so it is stored here.
   * Undefined if the item was removed.
   */
  const joinAdded = async (
    owner: Owner,
    item: NewItem,
    { guide }: Known,
    id: string,
  ): Promise<Evolution | undefined> => {
    const [first, at] = [uuid7Time(id) ?? 0, uuid7Time(item.id) ?? 0]
    if (first > at) return { outcome: 'superseded' }
    const content = { ...item.content, createdAt: new Date(first).toISOString() }
    await rows.put([{ ...item, id, content }])
    const [stored] = await rows.items(owner, [id], true)
    if (!stored || !isLive(stored, Date.now())) return undefined
    const next = {
      ...{ at, expiresAt: item.expiresAt },
      content: { ...content, updatedAt: new Date(at).toISOString() },
    }
    return { outcome: 'replaced', item: await rewriteRow(rows, owner, guide, stored, next) }
  }

  const evolveOne = async (item: NewItem, name: string, tries = TRIES): Promise<Evolution> => {
    const owner = { tenant: item.tenant, user: item.user }
    const known = await read(owner, name)
    // A repetition: the item was added before, at least in part.
    if (known.ids.includes(item.id)) {
      await rows.put([item])
      return { outcome: 'added' }
    }
    if (known.newest) return replaceNewest(owner, item, known, known.newest)
    // The row of an entity is written before its item.
    const joined = known.missing && (await joinAdded(owner, item, known, known.missing))
    if (joined) return joined
    const id = await rows.claimEntity(owner, { name, after: known.ids[0] ?? '', id: item.id })
    if (id === item.id) {
      await rows.put([item])
      return { outcome: 'added' }
    }
    const result = await joinAdded(owner, item, known, id)
    if (result) return result
    return tries > 0 ? evolveOne(item, name, tries - 1) : { outcome: 'superseded' }
  }

  /** Removes the items of notifications that were recalled concurrently. */
  const followRecalls = async (items: readonly NewItem[], results: Map<NewItem, Evolution>) => {
    const kept = items.filter(({ keepRecipient }) => keepRecipient)
    for (const [notification, some] of grouped(kept, ({ content }) => content.notification)) {
      const [{ tenant }] = some as [NewItem]
      if (!(await rows.isRecalled(tenant, notification))) continue
      for (const item of some) {
        const result = results.get(item)
        const id = result?.outcome === 'replaced' ? result.item.id : item.id
        await rows.remove({ tenant, user: item.user }, [id])
        results.set(item, { outcome: 'recalled' })
      }
    }
  }

  return async (items: readonly NewItem[]): Promise<Evolution[]> => {
    // The recipients are stored first: either a concurrent recall finds them, or `followRecalls` finds the recall.
    await rows.keepRecipients(items)
    const results = new Map<NewItem, Evolution>()
    const nameOf = ({ content }: NewItem) => entityNameOf(content) ?? ''
    const chains = grouped(items, (item) => JSON.stringify([item.tenant, item.user, nameOf(item)]))
    for (const some of slices([...chains.values()], AT_ONCE))
      await Promise.all(
        some.map(async (chain) => {
          for (const item of chain) {
            const { keepRecipient: _, ...own } = item
            results.set(item, await evolveOne(own, nameOf(item)))
          }
        }),
      )
    await followRecalls(items, results)
    return items.map((item) => results.get(item)!)
  }
}
