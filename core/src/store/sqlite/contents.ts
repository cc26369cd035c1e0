import { itemId, uuid7Time } from '../../notification/ids.ts'
import type { InboxRows } from '../inbox/rows.ts'
import { bytesOf } from './inbox-rows.ts'
import type { Session } from './session.ts'

/** How long content is kept without any item, in ms, because a replacement may come first. */
const UNUSED_MS = 366 * 86_400_000

const REPLACE = `UPDATE inbox_content SET content = ?1, written_at = ?2
  WHERE coalesce(written_at, ?3) < ?2 AND row = (
    SELECT i.content FROM inbox_ids AS k JOIN inbox AS i ON i.owner = k.owner AND i.place = k.place AND i.id = k.id
    WHERE k.id = ?4 AND k.owner = (SELECT id FROM owners WHERE tenant = ?5 AND user = ?6))`
const REPLACE_SHARED = `INSERT INTO shared_contents (tenant, notification, content, written_at, expires_at)
  VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET content = excluded.content, written_at = excluded.written_at
    WHERE excluded.written_at > written_at`
const REPLACE_RENDERINGS = `UPDATE shared_contents SET content = ?1, written_at = ?2
  WHERE tenant = ?3 AND notification = ?4 AND written_at < ?2`
const RECALL = `INSERT INTO shared_contents (tenant, notification, content, written_at, expires_at, recalled_at)
  VALUES (?, ?, '', 0, ?, ?) ON CONFLICT DO UPDATE SET recalled_at = excluded.recalled_at`
const RECIPIENTS = `SELECT page, at, users FROM recipients WHERE tenant = ? AND notification = ? AND page > ?
  ORDER BY page LIMIT 1`

const IS_RECALLED = `SELECT 1 FROM shared_contents
  WHERE tenant = ? AND notification = ? AND rendering = '' AND recalled_at IS NOT NULL`

type Page = { page: string; at: number; users: string }

type ContentRows = Pick<InboxRows, 'replaceShared' | 'replaceOne' | 'recalled' | 'isRecalled' | 'recipients'>

/** Stores the shared content of notifications. */
export const sqliteContents = (session: Session): ContentRows => ({
  replaceShared: async (tenant, notification, content, acceptedAt) => {
    const values = [tenant, notification, JSON.stringify(content), acceptedAt, Date.now() + UNUSED_MS]
    await session.write(({ run }) => {
      run(REPLACE_SHARED, values)
      run(REPLACE_RENDERINGS, [JSON.stringify(content), acceptedAt, tenant, notification])
    })
  },

  replaceOne: async ({ tenant, user }, id, content, acceptedAt) => {
    const values = [JSON.stringify(content), acceptedAt, uuid7Time(id) ?? 0, bytesOf(id), tenant, user]
    await session.write(({ run }) => run(REPLACE, values))
  },

  recalled: async (tenant, notification) => {
    const now = Date.now()
    await session.write(({ run }) => run(RECALL, [tenant, notification, now + UNUSED_MS, now]))
  },

  isRecalled: async (tenant, notification) =>
    (await session.get(IS_RECALLED, [tenant, notification])) !== undefined,

  recipients: async (tenant, notification, after = '') => {
    const page = await session.get<Page>(RECIPIENTS, [tenant, notification, after])
    if (!page) return { named: [] }
    const users = JSON.parse(page.users) as string[]
    const named = users.map((user) => ({ user, id: itemId(tenant, notification, user, page.at) }))
    return { named, next: page.page }
  },
})
