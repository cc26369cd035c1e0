import type { ExpiringKeys } from '../ports/expiring-keys.ts'
import type { Session } from './session.ts'

const ACQUIRED = 1
const PUT = 0

const HOLDER =
  'SELECT value FROM expiring_keys WHERE tenant = ? AND acquired = ? AND key = ? AND expires_at > ?'
const WRITE =
  'INSERT OR REPLACE INTO expiring_keys (tenant, acquired, key, value, expires_at) VALUES (?, ?, ?, ?, ?)'

export const sqliteExpiringKeys = (session: Session): ExpiringKeys => ({
  acquire: (tenant, wanted, ttlMs) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      return wanted.map(({ key, value }) => {
        const holder = first<{ value: string }>(HOLDER, [tenant, ACQUIRED, key, now])
        if (!holder) run(WRITE, [tenant, ACQUIRED, key, value, now + ttlMs])
        return holder?.value
      })
    }, 'synced'),

  holders: (tenant, keys) =>
    Promise.all(
      keys.map(async ({ key }) => {
        const found = await session.all<{ value: string }>(HOLDER, [tenant, ACQUIRED, key, Date.now()])
        return found[0]?.value
      }),
    ),

  put: (tenant, keys, ttlMs) =>
    session.write(({ run }) => {
      const until = Date.now() + ttlMs
      for (const { key, value } of keys) run(WRITE, [tenant, PUT, key, value, until])
    }, 'committed'),

  get: async (tenant, keys) => {
    const rows = await session.all<{ key: string; value: string }>(
      `SELECT key, value FROM expiring_keys
       WHERE tenant = ? AND acquired = ? AND key IN (SELECT value FROM json_each(?)) AND expires_at > ?`,
      [tenant, PUT, JSON.stringify(keys), Date.now()],
    )
    return new Map(rows.map(({ key, value }) => [key, value]))
  },

  remove: (tenant, keys) =>
    session.write(({ run }) => {
      for (const key of keys)
        run('DELETE FROM expiring_keys WHERE tenant = ? AND acquired = ? AND key = ?', [tenant, PUT, key])
    }),
})
