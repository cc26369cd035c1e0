import { rangeBelow } from '../../preferences/document.ts'
import { GENERAL } from '../../preferences/documents.ts'
import type { Seal } from '../../security/seal.ts'
import { CHANGES_KEPT, CHANGES_KEPT_MS, type UserPreferences } from '../ports/preferences.ts'
import { isVoid } from '../rules/erasure.ts'
import { type ChangeRow, type ChoiceRow, readChanges, readChoices } from '../rules/preference-rows.ts'
import { preferencesRevision } from '../rules/revision.ts'
import type { Session, Write } from './session.ts'
import { erasureIn } from './users.ts'

const OF_USER = 'tenant = ? AND user = ?'
/** Selects whether any user of a tenant has made a choice. Often nobody has, and then no user has to be looked up. */
const ANY = 'SELECT 1 FROM preferences WHERE tenant = ? LIMIT 1'
const RECORD = `INSERT INTO preference_changes (tenant, user, time, via, author, context, path, value, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const TRIM = `DELETE FROM preference_changes WHERE ${OF_USER} AND time <=
  (SELECT time FROM preference_changes WHERE ${OF_USER} ORDER BY time DESC LIMIT 1 OFFSET ${CHANGES_KEPT})`
const PUT = `INSERT INTO preferences (tenant, user, context, path, value) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET value = excluded.value`
const REMOVE = `DELETE FROM preferences WHERE ${OF_USER} AND context = ? AND (path = ? OR (path >= ? AND path < ?))`
const CELLS = `SELECT json_group_array(json_array(path, json(value))) AS cells FROM preferences
  WHERE ${OF_USER} AND context = ?`
const LAST = `SELECT max(time) AS time FROM preference_changes WHERE ${OF_USER}`

/** Returns the revision of a document of preferences. */
const revisionIn = (first: Write['first'], tenant: string, user: string, context = GENERAL): string => {
  const cells = JSON.parse(first<{ cells: string }>(CELLS, [tenant, user, context])?.cells ?? '[]')
  return preferencesRevision(cells)
}

export const sqlitePreferences = (session: Session, seal: Seal): UserPreferences => ({
  get: async (tenant, users) => {
    if (!(await session.get(ANY, [tenant]))) return new Map()
    return readChoices(
      await session.all<ChoiceRow>(
        `SELECT user, context, path, value FROM preferences
         WHERE tenant = ? AND user IN (SELECT value FROM json_each(?))`,
        [tenant, JSON.stringify(users)],
      ),
    )
  },

  change: (tenant, user, { changes, via, by, since, expected }) =>
    session.write(({ run, first }) => {
      const now = Date.now()
      if (isVoid(erasureIn({ first }, seal, tenant, user), since ?? now)) return 'erased'
      if (expected && revisionIn(first, tenant, user, expected.context) !== expected.revision) return 'stale'
      // Later than the last change, even if the clock was set back.
      const last = first<{ time: number | null }>(LAST, [tenant, user])?.time ?? 0
      let time = Math.max(now * 1_000, last + 1)
      for (const { path, value, context = GENERAL } of changes) {
        const change = [via, by, context, path, JSON.stringify(value)]
        run(RECORD, [tenant, user, time++, ...change, now + CHANGES_KEPT_MS])
        const { from, to } = rangeBelow(path)
        if (value === null) run(REMOVE, [tenant, user, context, path, from, to])
        else run(PUT, [tenant, user, context, path, JSON.stringify(value)])
      }
      run(TRIM, [tenant, user, tenant, user])
      return 'made'
    }),

  changes: async (tenant, user, { before = Number.MAX_SAFE_INTEGER, limit }) =>
    readChanges(
      await session.all<ChangeRow>(
        `SELECT time, via, author AS "by", context, path, value FROM preference_changes
         WHERE ${OF_USER} AND time < ? AND expires_at > ? ORDER BY time DESC LIMIT ?`,
        [tenant, user, before, Date.now(), limit],
      ),
      limit,
    ),
})
