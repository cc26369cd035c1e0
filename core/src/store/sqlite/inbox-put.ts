import type { InboxContent } from '@carillon/schemas'
import { grouped } from '../../group-by.ts'
import { uuid7Time } from '../../notification/ids.ts'
import type { NewItem } from '../ports/inbox.ts'
import { IS_RECALLED } from './contents.ts'
import { addUnfiled, fileNotification, hasUnfiled, type UnfiledPage } from './inbox-filing.ts'
import { announcedCell, bytesOf, entityCell, groupCell, labelsOf } from './inbox-rows.ts'
import type { Session, Write } from './session.ts'

/** Number of items with one content from which they share one copy of it. */
const SHARED_MIN = 17

const SHARE = `INSERT INTO shared_contents (tenant, notification, rendering, content, written_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at) RETURNING row, recalled_at AS recalledAt`
const RECIPIENTS = `INSERT INTO recipients (tenant, notification, page, at, users, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const FIND_OWNER = 'SELECT id FROM owners WHERE tenant = ? AND user = ?'
const NEW_OWNER = 'INSERT INTO owners (tenant, user) VALUES (?, ?)'
const KEY = 'INSERT INTO inbox_ids (id, owner, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const CONTENT = 'INSERT INTO inbox_content (content) VALUES (?)'
const ITEM =
  'INSERT INTO inbox (owner, place, id, content, expires_at, labels, grp, entity, announced) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)'

/** The items with one content, ready to be written. */
type Group = {
  content: InboxContent
  json: string
  items: readonly NewItem[]
  labels: string | null
  grp: Buffer | null
  entity: Buffer | null
  announced: 1 | null
}

/** The number of the shared copy that items refer to, negative; null if the notification was recalled, undefined for none. */
const copyOf = (
  { first }: Write,
  { content: { notification }, json, items }: Group,
): number | null | undefined => {
  const [item] = items
  if (!item || (items.length < SHARED_MIN && !item.keepRecipient)) return undefined
  const { tenant, rendering = '', personal } = item
  const accepted = uuid7Time(item.id) ?? 0
  const isWhole = rendering === '' && !personal
  if (!isWhole && first(IS_RECALLED, [tenant, notification])) return null
  if (personal) return undefined
  const values = [tenant, notification, rendering, json, accepted, item.expiresAt]
  const shared = first<{ row: number; recalledAt: number | null }>(SHARE, values)
  return shared && shared.recalledAt === null ? -shared.row : null
}

/** Stores the recipients among items of one notification. Returns the name of their page if they were not yet stored. */
const keepPage = ({ run }: Write, items: readonly NewItem[]): string | undefined => {
  const kept = items.filter(({ keepRecipient }) => keepRecipient)
  const [item] = kept
  if (!item) return undefined
  const { tenant, id, content, expiresAt } = item
  const users = JSON.stringify(kept.map(({ user }) => user))
  const page = [tenant, content.notification, id, uuid7Time(id) ?? 0, users, expiresAt]
  return run(RECIPIENTS, page).changes === 0 ? undefined : id
}

/** Stores the recipients among items. */
export const keepRecipients = (write: Write, items: readonly NewItem[]): void => {
  for (const some of grouped(items, ({ tenant, content }) => `${tenant}\n${content.notification}`).values())
    keepPage(write, some)
}

/** The ids of items as bytes; undefined if the items are few, or cannot be stored as one page. */
const pageIds = (items: readonly NewItem[]): Buffer | undefined => {
  if (items.length < SHARED_MIN) return undefined
  const [{ tenant, expiresAt }] = items as [NewItem]
  if (!items.every((each) => each.keepRecipient && each.expiresAt === expiresAt && each.tenant === tenant))
    return undefined
  const hex = items
    .map(({ id }) => id)
    .join('')
    .replaceAll('-', '')
  const ids = Buffer.from(hex, 'hex')
  return ids.length === 16 * items.length ? ids : undefined
}

const ownerOf = ({ run, first }: Write, tenant: string, user: string): number =>
  first<{ id: number }>(FIND_OWNER, [tenant, user])?.id ?? run(NEW_OWNER, [tenant, user]).row

/** Stores the items of a group one by one. */
const putEach = (write: Write, group: Group, copy: number | null | undefined, place: number): void => {
  const { labels, grp, entity, announced } = group
  for (const { tenant, user, id, expiresAt } of group.items) {
    const owner = ownerOf(write, tenant, user)
    const key = bytesOf(id)
    if (write.run(KEY, [key, owner, place]).changes === 0) continue
    const row = copy === undefined ? write.run(CONTENT, [group.json]).row : copy
    write.run(ITEM, [owner, place, key, row, expiresAt, labels, grp, entity, announced])
  }
}

const unfiledPage = (
  { content, items, labels, grp, entity, announced }: Group,
  { copy, ...page }: Pick<UnfiledPage, 'page' | 'ids' | 'place'> & { copy: number },
): UnfiledPage => {
  const [{ tenant, expiresAt }] = items as readonly [NewItem]
  const cells = [copy, expiresAt, labels, grp, entity, announced]
  return { tenant, notification: content.notification, ...page, cells }
}

/**
 * Stores items: a key by id, a row in order of arrival, and content. Ids and contents are written in order of
 * time, so only the row dirties a separate page in the file. The items of a broadcast wait to be filed.
 */
export const createPut =
  (session: Session, clock: () => number) =>
  async (items: readonly NewItem[]): Promise<readonly NewItem[]> => {
    const now = Date.now()
    const alive = items.filter(({ expiresAt }) => expiresAt > now)
    if (alive.length === 0) return []
    const groups = [...grouped(alive, ({ content }) => content)].map(
      ([content, some]): Group => ({
        content,
        json: JSON.stringify(content),
        items: some,
        labels: labelsOf(content),
        grp: groupCell(content),
        entity: entityCell(content),
        announced: announcedCell(content),
      }),
    )
    return session.write((write) => {
      const place = clock()
      const removed: NewItem[] = []
      const others: NewItem[] = []
      let waiting = hasUnfiled(write)
      for (const group of groups) {
        const { items } = group
        const copy = copyOf(write, group)
        if (copy === null) removed.push(...items)
        const ids = copy ? pageIds(items) : undefined
        if (!ids) others.push(...items)
        const page = ids && keepPage(write, items)
        if (copy && ids && page !== undefined) {
          addUnfiled(write, unfiledPage(group, { page, ids, place, copy }))
          waiting = true
          continue
        }
        if (waiting) fileNotification(write, items[0]!.tenant, group.content.notification)
        putEach(write, group, copy, place)
      }
      keepRecipients(write, others)
      return removed
    }, 'committed')
  }
