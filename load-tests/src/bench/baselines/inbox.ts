import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve as serveHttp } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import Libsql from 'libsql'
import { serve } from '../child.ts'
import { inboxContent } from '../inbox-items.ts'

/**
 * An inbox with Hono and SQLite that does the minimum: an indexed query for a page, an update for a change, and counters. The
 * token of a user is the user. Changes are synced before the response.
 */
const dir = mkdtempSync(join(tmpdir(), 'carillon-bench-'))
process.on('exit', () => rmSync(dir, { recursive: true, force: true }))
process.on('SIGTERM', () => process.exit())

const database = new Libsql(join(dir, 'inbox.db'))
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA cache_size = -65536;
  CREATE TABLE items (
    user TEXT, id INTEGER, content TEXT, category TEXT, seen_at INTEGER, read_at INTEGER, PRIMARY KEY (user, id)
  ) WITHOUT ROWID;
  CREATE INDEX unread ON items (user, id) WHERE read_at IS NULL;
  CREATE INDEX by_category ON items (user, category, id);
  CREATE TABLE counts (user TEXT PRIMARY KEY, unread INTEGER, unseen INTEGER) WITHOUT ROWID`)

/** Names the index, because without statistics SQLite prefers to read the whole inbox in order. */
const pageOf = (index = '', condition = '') =>
  database.prepare(
    `SELECT id, content, seen_at, read_at FROM items ${index} WHERE user = ? ${condition} ORDER BY id DESC LIMIT ?`,
  )
const pages = {
  all: pageOf(),
  unread: pageOf('INDEXED BY unread', 'AND read_at IS NULL'),
  category: pageOf('INDEXED BY by_category', 'AND category = ?'),
}
const insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?, NULL, NULL)')
const setCounts = database.prepare('INSERT OR REPLACE INTO counts VALUES (?, ?, ?)')
const counts = database.prepare('SELECT unread, unseen FROM counts WHERE user = ?')
const lessUnread = database.prepare('UPDATE counts SET unread = unread - 1 WHERE user = ?')
const read = database.prepare('UPDATE items SET read_at = ? WHERE user = ? AND id = ? AND read_at IS NULL')
const remove = database.prepare('DELETE FROM items WHERE user = ? AND id = ?')
const readAll = database.prepare('UPDATE items SET read_at = ? WHERE user = ? AND read_at IS NULL')
const noneUnread = database.prepare('UPDATE counts SET unread = 0 WHERE user = ?')

type Row = { id: number; content: string; seen_at: number | null; read_at: number | null }

const userOf = (c: Context) => c.req.header('authorization')?.slice('Bearer '.length) ?? ''

const itemText = ({ id, content, seen_at, read_at }: Row) =>
  `${content.slice(0, -1)},"id":"${id}","seenAt":${seen_at},"readAt":${read_at}}`

const app = new Hono()
app.get('/v1/inbox', (c) => {
  const user = userOf(c)
  const { limit, status, category } = c.req.query()
  const rows = (
    category === undefined
      ? pages[status === 'unread' ? 'unread' : 'all'].all(user, Number(limit))
      : pages.category.all(user, category, Number(limit))
  ) as Row[]
  const next = rows.at(-1)?.id ?? null
  const text = `{"items":[${rows.map(itemText).join()}],"counts":${JSON.stringify(counts.get(user))},"next":${next}}`
  return c.body(text, 200, { 'content-type': 'application/json' })
})
app.get('/v1/inbox/counts', (c) => c.json(counts.get(userOf(c))))
app.patch('/v1/inbox/:id', async (c) => {
  const user = userOf(c)
  await c.req.json()
  database.transaction(() => {
    if (read.run(Date.now(), user, Number(c.req.param('id'))).changes > 0) lessUnread.run(user)
  })()
  return c.json(counts.get(user))
})
app.delete('/v1/inbox/:id', (c) => {
  const user = userOf(c)
  database.transaction(() => {
    remove.run(user, Number(c.req.param('id')))
    lessUnread.run(user)
  })()
  return c.body(null, 204)
})
app.post('/v1/inbox/read-all', (c) => {
  const user = userOf(c)
  database.transaction(() => {
    readAll.run(Date.now(), user)
    noneUnread.run(user)
  })()
  return c.json(counts.get(user))
})

const listen = () =>
  new Promise<number>((resolve) =>
    serveHttp({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port)),
  )

const fill = ({ user, size }: { user: string; size: number }): void => {
  const now = Date.now()
  database.transaction(() => {
    for (let n = 0; n < size; n++) {
      const content = inboxContent(user, n, now)
      insert.run(user, n, JSON.stringify(content), content.category)
    }
    setCounts.run(user, size, size)
  })()
}

const calls = { listen, fill }
export type BareInbox = typeof calls
serve(calls)
