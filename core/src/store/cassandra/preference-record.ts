import { GENERAL } from '../../preferences/documents.ts'
import {
  CHANGES_KEPT,
  CHANGES_KEPT_MS,
  type Changes,
  type ChoiceChange,
  type UserPreferences,
} from '../ports/preferences.ts'
import { type ChangeRow, readChanges } from '../rules/preference-rows.ts'
import type { Session } from './session.ts'
import { ttlFor } from './ttl.ts'

/** Recorded changes between two removals of the oldest ones. */
const TRIM_EVERY = 64

/** A change with its write timestamp, unique for the user. */
export type TimedChange = ChoiceChange & { time: number }

/** The record of changed preferences, a partition for each user. */
export const preferenceRecord = (session: Session) => {
  const recorded = session.table('preference_changes')
  const OF_USER = 'tenant = ? AND user = ?'

  const trim = async (tenant: string, user: string) => {
    const query = `SELECT time FROM ${recorded} WHERE ${OF_USER} LIMIT ?`
    const rows = await session.rows(query, [tenant, user, CHANGES_KEPT + 1])
    if (rows.length <= CHANGES_KEPT) return
    const oldest = `DELETE FROM ${recorded} WHERE ${OF_USER} AND time <= ?`
    await session.write([{ query: oldest, params: [tenant, user, rows.at(-1)?.time] }])
  }

  const changes: UserPreferences['changes'] = async (
    tenant,
    user,
    { before = Number.MAX_SAFE_INTEGER, limit },
  ) => {
    const query = `SELECT time, via, author, context, path, value FROM ${recorded}
      WHERE ${OF_USER} AND time < ? LIMIT ?`
    const rows = await session.rows(query, [tenant, user, before, limit])
    return readChanges(
      rows.map(
        (row): ChangeRow => ({
          time: Number(row.time),
          via: String(row.via),
          by: String(row.author),
          context: String(row.context ?? GENERAL),
          path: String(row.path),
          value: String(row.value),
        }),
      ),
      limit,
    )
  }

  return {
    changes,

    /** Records changes. Removes the oldest ones now and then. */
    add: async (
      tenant: string,
      user: string,
      made: readonly TimedChange[],
      { via, by }: Pick<Changes, 'via' | 'by'>,
    ) => {
      const query = `INSERT INTO ${recorded} (tenant, user, time, path, context, via, author, value)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?`
      await session.write(
        made.map(({ time, path, value, context = GENERAL }) => ({
          query,
          params: [
            ...[tenant, user, time, path, context, via, by],
            ...[JSON.stringify(value), ttlFor(CHANGES_KEPT_MS), time],
          ],
        })),
      )
      if (Math.random() < made.length / TRIM_EVERY) await trim(tenant, user)
    },

    /** Removes changes that were recorded and then not made. */
    withdraw: (tenant: string, user: string, unmade: readonly TimedChange[]) => {
      const query = `DELETE FROM ${recorded} USING TIMESTAMP ? WHERE ${OF_USER} AND time = ? AND path = ?`
      return session.write(
        unmade.map(({ time, path }) => ({ query, params: [time, tenant, user, time, path] })),
      )
    },

    /** Removes everything about a user that was recorded up to `time`, a write timestamp. */
    clear: (tenant: string, user: string, time: number) => {
      const query = `DELETE FROM ${recorded} USING TIMESTAMP ? WHERE ${OF_USER}`
      return session.write([{ query, params: [time, tenant, user] }])
    },
  }
}
