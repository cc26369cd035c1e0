import type { types } from 'cassandra-driver'
import { rangeBelow } from '../../preferences/document.ts'
import { GENERAL } from '../../preferences/documents.ts'
import type { Seal } from '../../security/seal.ts'
import { groupedSlices } from '../grouping.ts'
import {
  CHANGES_KEPT,
  CHANGES_KEPT_MS,
  type ChoiceChange,
  type UserPreferences,
} from '../ports/preferences.ts'
import { isVoid } from '../rules/erasure.ts'
import { type ChangeRow, type ChoiceRow, readChanges, readChoices } from '../rules/preference-rows.ts'
import { slotOf } from '../rules/slots.ts'
import { endOf, writeClock } from './clock.ts'
import { cassandraErasures } from './erasures.ts'
import { forEach, type Session, type Statement } from './session.ts'
import { ttlFor } from './ttl.ts'

const IDS_PER_QUERY = 100
/** Recorded changes between two removals of the oldest ones. */
const TRIM_EVERY = 64

const choiceRow = ({ user, context, path, value }: types.Row): ChoiceRow => ({
  ...{ user: String(user), context: String(context) },
  ...{ path: String(path), value: String(value) },
})

/** Also removes what an erased user has chosen. */
export type CassandraPreferences = UserPreferences & {
  /** Removes everything about a user that was written up to `time`, a write timestamp. */
  clear(tenant: string, user: string, time: number): Promise<void>
}

/**
 * Stores each choice as a row, in the partitions of users, so that few queries read the choices of a chunk.
 *
 * A change is written with the time before it looked for an erasure, so the removal wins over a change that missed it.
 */
export const cassandraPreferences = (session: Session, seal: Seal): CassandraPreferences => {
  const choices = session.table('preferences')
  const recorded = session.table('preference_changes')
  const erasures = cassandraErasures(session, seal)
  const clock = writeClock()
  const USER = 'tenant = ? AND slot = ? AND user = ?'
  const DOCUMENT = `${USER} AND context = ?`

  const write = (key: unknown[], time: number, { path, value }: ChoiceChange): Statement[] => {
    if (value !== null)
      return [
        {
          query: `UPDATE ${choices} USING TIMESTAMP ? SET value = ? WHERE ${DOCUMENT} AND path = ?`,
          params: [time, JSON.stringify(value), ...key, path],
        },
      ]
    const { from, to } = rangeBelow(path)
    return [
      {
        query: `DELETE FROM ${choices} USING TIMESTAMP ? WHERE ${DOCUMENT} AND path = ?`,
        params: [time, ...key, path],
      },
      {
        query: `DELETE FROM ${choices} USING TIMESTAMP ? WHERE ${DOCUMENT} AND path >= ? AND path < ?`,
        params: [time, ...key, from, to],
      },
    ]
  }

  const trim = async (tenant: string, user: string) => {
    const query = `SELECT time FROM ${recorded} WHERE tenant = ? AND user = ? LIMIT ?`
    const rows = await session.rows(query, [tenant, user, CHANGES_KEPT + 1])
    if (rows.length <= CHANGES_KEPT) return
    const oldest = `DELETE FROM ${recorded} WHERE tenant = ? AND user = ? AND time <= ?`
    await session.write([{ query: oldest, params: [tenant, user, rows.at(-1)?.time] }])
  }

  return {
    get: async (tenant, users) => {
      const found: ChoiceRow[] = []
      const query = `SELECT user, context, path, value FROM ${choices}
        WHERE tenant = ? AND slot = ? AND user IN ?`
      await forEach(groupedSlices(users, slotOf, IDS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some])) found.push(choiceRow(row))
      })
      return readChoices(found)
    },

    change: async (tenant, user, { changes, via, by, since }) => {
      const times = changes.map(() => clock())
      const now = Date.now()
      const erasure = (await erasures.of(tenant, [user])).get(user)
      if (isVoid(erasure, since ?? now)) return false
      const after = erasure ? endOf(erasure.erasedAt) + 1 : 0
      const timed = changes.map((each, index) => ({
        ...each,
        time: Math.max(times[index] ?? 0, after + index),
      }))
      const record = `INSERT INTO ${recorded} (tenant, user, time, path, context, via, author, value)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TTL ? AND TIMESTAMP ?`
      await session.write(
        timed.map(({ time, path, value, context = GENERAL }) => ({
          query: record,
          params: [
            ...[tenant, user, time, path, context, via, by],
            ...[JSON.stringify(value), ttlFor(CHANGES_KEPT_MS), time],
          ],
        })),
      )
      const key = [tenant, slotOf(user), user]
      await session.write(
        timed.flatMap(({ time, context = GENERAL, ...change }) => write([...key, context], time, change)),
      )
      if (Math.random() < changes.length / TRIM_EVERY) await trim(tenant, user)
      return true
    },

    changes: async (tenant, user, { before = Number.MAX_SAFE_INTEGER, limit }) => {
      const query = `SELECT time, via, author, context, path, value FROM ${recorded}
        WHERE tenant = ? AND user = ? AND time < ? LIMIT ?`
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
    },

    clear: async (tenant, user, time) => {
      await session.write([
        {
          query: `DELETE FROM ${choices} USING TIMESTAMP ? WHERE ${USER}`,
          params: [time, tenant, slotOf(user), user],
        },
      ])
      const all = `DELETE FROM ${recorded} USING TIMESTAMP ? WHERE tenant = ? AND user = ?`
      await session.write([{ query: all, params: [time, tenant, user] }])
    },
  }
}
