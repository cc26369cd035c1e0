import { readJson } from '@carillon/core/json/json'
import type { Database } from '@carillon/core/sqlite/database'
import { writer } from '@carillon/core/stream/embedded/write'
import { LRUCache } from 'lru-cache'
import {
  Answer,
  type Claim,
  IDS_MAX,
  type Idempotency,
  type IdUse,
  IN_FLIGHT_MS,
  KEY_RETENTION_MS,
} from './port.ts'

const TABLE = `
  CREATE TABLE IF NOT EXISTS idempotency_keys (
    key TEXT PRIMARY KEY, id TEXT NOT NULL, body TEXT NOT NULL, at INTEGER NOT NULL, answer TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS idempotency_keys_at ON idempotency_keys (at);
  CREATE TABLE IF NOT EXISTS idempotency_ids (
    place INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, fingerprint TEXT NOT NULL, at INTEGER NOT NULL
  );
`
/** Expired keys and ids removed per new one: more than one, so that the backlog shrinks. */
const PURGE = 2
/** Maximum claims in flight that are remembered. */
const CLAIMS_MAX = 10_000

type Row = { id: string; body: string; at: number; answer: string | null }

/** Returns idempotency keys in an SQLite file, for one process. The caller owns the database. */
export const embeddedIdempotency = ({
  database,
  idsMax = IDS_MAX,
  now = Date.now,
}: {
  database: Database
  idsMax?: number
  now?: () => number
}): Idempotency => {
  const { handle } = database
  handle.exec(TABLE)
  const write = writer(database)
  const find = handle.prepare('SELECT id, body, at, answer FROM idempotency_keys WHERE key = ?')
  const insert = handle.prepare('INSERT INTO idempotency_keys (key, id, body, at) VALUES (?, ?, ?, ?)')
  const renew = handle.prepare('UPDATE idempotency_keys SET at = ? WHERE key = ?')
  const answered = handle.prepare('UPDATE idempotency_keys SET answer = ? WHERE key = ? AND answer IS NULL')
  const free = handle.prepare('DELETE FROM idempotency_keys WHERE key = ? AND at = ? AND answer IS NULL')
  const purge = handle.prepare(`
    DELETE FROM idempotency_keys
    WHERE key IN (SELECT key FROM idempotency_keys WHERE at <= ? ORDER BY at LIMIT ${PURGE})`)
  const insertId = handle.prepare(
    `INSERT INTO idempotency_ids (key, fingerprint, at) VALUES (?1, ?2, ?3)
     ON CONFLICT DO UPDATE SET fingerprint = ?2, at = ?3 WHERE at <= ?4`,
  )
  const findId = handle.prepare('SELECT fingerprint FROM idempotency_ids WHERE key = ?')
  const purgeIds = handle.prepare(`
    DELETE FROM idempotency_ids WHERE (at <= ? OR place <= (SELECT MAX(place) FROM idempotency_ids) - ?)
    AND place IN (SELECT place FROM idempotency_ids ORDER BY place LIMIT ${PURGE})`)
  /** Times of this process's claims. A claim that another request took over must not be released. */
  const mine = new LRUCache<string, number>({ max: CLAIMS_MAX })

  return {
    claim: async (key, body, newId) => {
      const at = now()
      const id = newId()
      const claim = await write((): Claim => {
        purge.run(at - KEY_RETENTION_MS)
        const row = find.get(key) as Row | undefined
        if (!row) {
          insert.run(key, id, body, at)
          return { outcome: 'first', id }
        }
        if (row.body !== body) return { outcome: 'reused' }
        const answer = row.answer === null ? undefined : readJson(row.answer, Answer)
        if (answer) return { outcome: 'replay', answer }
        if (at - row.at < IN_FLIGHT_MS) return { outcome: 'in_flight' }
        renew.run(at, key)
        return { outcome: 'first', id: row.id }
      })
      if (claim.outcome === 'first') mine.set(key, at)
      return claim
    },
    finish: async (key, answer) => {
      mine.delete(key)
      await write(() => answered.run(JSON.stringify(answer), key))
    },
    release: async (key) => {
      const at = mine.get(key)
      mine.delete(key)
      if (at !== undefined) await write(() => free.run(key, at))
    },
    isRegistered: async (key) => findId.get(key) !== undefined,
    register: async (uses) => {
      const at = now()
      const enter = ({ key, fingerprint }: IdUse) => {
        const aged = at - KEY_RETENTION_MS
        purgeIds.run(aged, idsMax)
        if (insertId.run(key, fingerprint, at, aged).changes > 0) return fingerprint
        return (findId.get(key) as { fingerprint: string }).fingerprint
      }
      // The publish that follows syncs the same file, and this commit with it.
      return await write(() => uses.map(enter), 'committed')
    },
  }
}
