import type { CancelKeys, KeyedPlace } from '../ports/cancel-keys.ts'
import type { Session } from './session.ts'

const ENTER = `INSERT INTO cancel_keys (tenant, key, at, notification, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)`
const IS_CANCELLED =
  'SELECT 1 FROM cancellations WHERE tenant = ? AND key = ? AND cancelled_at >= ? AND expires_at > ?'
const UNTIL =
  'SELECT cancelled_at AS cancelledAt FROM cancellations WHERE tenant = ? AND key = ? AND expires_at > ?'
const CANCEL = `INSERT INTO cancellations (tenant, key, cancelled_at, expires_at) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET cancelled_at = max(cancelled_at, excluded.cancelled_at),
    expires_at = max(expires_at, excluded.expires_at)`
const LISTED = `SELECT k.at, k.notification FROM cancel_keys AS k
  JOIN cancellations AS c ON c.tenant = k.tenant AND c.key = k.key
  WHERE k.tenant = ? AND k.key = ? AND k.at <= ? AND k.expires_at > ?
    AND (k.at, k.notification) > (c.passed_at, c.passed)
  ORDER BY k.at, k.notification LIMIT ?`
const PASS = `UPDATE cancellations SET passed_at = ?3, passed = ?4
  WHERE tenant = ?1 AND key = ?2 AND (passed_at, passed) < (?3, ?4)`

export const sqliteCancelKeys = (session: Session, retention: number): CancelKeys => ({
  enter: (tenant, notifications) =>
    session.write(({ run, first }) =>
      notifications.map(({ key, notification, at, dueAt }) => {
        run(ENTER, [tenant, key, at, notification, dueAt + retention])
        return first(IS_CANCELLED, [tenant, key, at, Date.now()]) !== undefined
      }),
    ),

  cancel: async (tenant, key, at, limit) => {
    await session.write(({ run }) => {
      run(CANCEL, [tenant, key, at, at + retention])
    }, 'synced')
    const found = await session.all<KeyedPlace>(LISTED, [tenant, key, at, Date.now(), limit + 1])
    const places = found.map(({ notification, at }) => ({ notification, at }))
    return { found: places.slice(0, limit), more: places.length > limit }
  },

  cancelledUntil: async (tenant, key) =>
    (await session.get<{ cancelledAt: number }>(UNTIL, [tenant, key, Date.now()]))?.cancelledAt,

  pass: async (tenant, key, { notification, at }) => {
    await session.write(({ run }) => {
      run(PASS, [tenant, key, at, notification])
    })
  },
})
