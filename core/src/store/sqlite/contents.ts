import { itemId } from '../../notification/ids.ts'
import type { InboxRows } from '../inbox/rows.ts'
import type { Session } from './session.ts'

/** How long a recall is kept, in ms. It may be stored before the items. */
const UNUSED_MS = 366 * 86_400_000

const RECALL = `INSERT INTO shared_contents (tenant, notification, content, written_at, expires_at, recalled_at)
  VALUES (?, ?, '', 0, ?, ?) ON CONFLICT DO UPDATE SET recalled_at = excluded.recalled_at`
const RECIPIENTS = `SELECT page, at, users FROM recipients WHERE tenant = ? AND notification = ? AND page > ?
  ORDER BY page LIMIT 1`

/** Selects a row if a notification was recalled. */
export const IS_RECALLED = `SELECT 1 FROM shared_contents
  WHERE tenant = ? AND notification = ? AND rendering = '' AND recalled_at IS NOT NULL`

type Page = { page: string; at: number; users: string }

type ContentRows = Pick<InboxRows, 'recalled' | 'isRecalled' | 'recipients'>

/** Stores recalls of notifications, and reads their recipients. */
export const sqliteContents = (session: Session): ContentRows => ({
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
