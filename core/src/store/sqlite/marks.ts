import type { Marks } from '../ports/expiring-keys.ts'
import type { Session } from './session.ts'

const TAKEN = 1
const PUT = 0

const HELD = 'SELECT value FROM marks WHERE tenant = ? AND taken = ? AND key = ? AND expires_at > ?'
const WRITE = 'INSERT OR REPLACE INTO marks (tenant, taken, key, value, expires_at) VALUES (?, ?, ?, ?, ?)'

export const sqliteMarks = (session: Session): Marks => ({
  take: (tenant, marks, ttlMs) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      return marks.map(({ key, value }) => {
        const held = first<{ value: string }>(HELD, [tenant, TAKEN, key, now])
        if (!held) run(WRITE, [tenant, TAKEN, key, value, now + ttlMs])
        return held?.value
      })
    }, 'synced'),

  put: (tenant, marks, ttlMs) =>
    session.write(({ run }) => {
      const until = Date.now() + ttlMs
      for (const { key, value } of marks) run(WRITE, [tenant, PUT, key, value, until])
    }, 'committed'),

  get: async (tenant, keys) => {
    const rows = await session.all<{ key: string; value: string }>(
      `SELECT key, value FROM marks
       WHERE tenant = ? AND taken = ? AND key IN (SELECT value FROM json_each(?)) AND expires_at > ?`,
      [tenant, PUT, JSON.stringify(keys), Date.now()],
    )
    return new Map(rows.map(({ key, value }) => [key, value]))
  },

  remove: (tenant, keys) =>
    session.write(({ run }) => {
      for (const key of keys)
        run('DELETE FROM marks WHERE tenant = ? AND taken = ? AND key = ?', [tenant, PUT, key])
    }),
})
