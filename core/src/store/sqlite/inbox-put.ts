import type { InboxContent } from '@carillon/schemas'
import { uuid7Time } from '../../notification/ids.ts'
import { grouped } from '../grouping.ts'
import type { NewItem } from '../ports/inbox.ts'
import { bytesOf, labelsOf } from './inbox-rows.ts'
import type { Session, Write } from './session.ts'

/** Number of items with one content from which they share one copy of it. */
const SHARED_MIN = 17

const SHARE = `INSERT INTO shared_contents (tenant, notification, content, written_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at) RETURNING row, recalled_at AS recalledAt`
const RECIPIENTS = `INSERT INTO recipients (tenant, notification, page, at, users, expires_at) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const FIND_OWNER = 'SELECT id FROM owners WHERE tenant = ? AND user = ?'
const NEW_OWNER = 'INSERT INTO owners (tenant, user) VALUES (?, ?)'
const KEY = 'INSERT INTO inbox_ids (id, owner, place) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
const CONTENT = 'INSERT INTO inbox_content (content) VALUES (?)'
const ITEM = 'INSERT INTO inbox (owner, place, id, content, expires_at, labels) VALUES (?, ?, ?, ?, ?, ?)'

/** The items with one content, ready to be written. */
type Group = { content: InboxContent; json: string; items: readonly NewItem[]; labels: string | null }

/**
 * Returns the number of the shared copy, negative, as items refer to it; null if the notification was
 * recalled.
 */
const share = (
  { first }: Write,
  { content: { notification }, json, items: [item] }: Group,
): number | null => {
  if (!item) return null
  const values = [item.tenant, notification, json, uuid7Time(item.id) ?? 0, item.expiresAt]
  const shared = first<{ row: number; recalledAt: number | null }>(SHARE, values)
  return shared && shared.recalledAt === null ? -shared.row : null
}

const keepRecipients = ({ run }: Write, { content: { notification }, items }: Group): void => {
  const kept = items.filter(({ keepRecipient }) => keepRecipient)
  const [item] = kept
  if (!item) return
  const users = JSON.stringify(kept.map(({ user }) => user))
  run(RECIPIENTS, [item.tenant, notification, item.id, uuid7Time(item.id) ?? 0, users, item.expiresAt])
}

const ownerOf = ({ run, first }: Write, tenant: string, user: string): number =>
  first<{ id: number }>(FIND_OWNER, [tenant, user])?.id ?? run(NEW_OWNER, [tenant, user]).row

const isShared = ({ items }: Group) => items.length >= SHARED_MIN || items[0]?.keepRecipient === true

/**
 * Stores items: a key by id, a row in order of arrival, and content. Ids and contents are written in order of
 * time, so only the row dirties a separate page in the file.
 */
export const createPut =
  (session: Session, clock: () => number) =>
  async (items: readonly NewItem[]): Promise<void> => {
    const now = Date.now()
    const alive = items.filter(({ expiresAt }) => expiresAt > now)
    if (alive.length === 0) return
    const groups = [...grouped(alive, ({ content }) => content)].map(
      ([content, some]): Group => ({
        content,
        json: JSON.stringify(content),
        items: some,
        labels: labelsOf(content),
      }),
    )
    await session.write((write) => {
      const place = clock()
      for (const group of groups) {
        const shared = isShared(group) ? share(write, group) : undefined
        for (const { tenant, user, id, expiresAt } of group.items) {
          const owner = ownerOf(write, tenant, user)
          const key = bytesOf(id)
          if (write.run(KEY, [key, owner, place]).changes === 0) continue
          const row = shared === undefined ? write.run(CONTENT, [group.json]).row : shared
          write.run(ITEM, [owner, place, key, row, expiresAt, group.labels])
        }
        keepRecipients(write, group)
      }
    }, 'committed')
  }
