import type { types } from 'cassandra-driver'
import { groupedSlices } from '../../group-by.ts'
import { rangeBelow } from '../../preferences/document.ts'
import { GENERAL } from '../../preferences/documents.ts'
import type { Seal } from '../../security/seal.ts'
import type { ChoiceChange, UserPreferences } from '../ports/preferences.ts'
import { isVoid } from '../rules/erasure.ts'
import { type ChoiceRow, readChoices } from '../rules/preference-rows.ts'
import { slotOf } from '../rules/slots.ts'
import { endOf, writeClock } from './clock.ts'
import { cassandraErasures } from './erasures.ts'
import { guardedChoices, isChoice } from './guarded-choices.ts'
import { preferenceRecord } from './preference-record.ts'
import { forEach, type Session, type Statement } from './session.ts'

const IDS_PER_QUERY = 100

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
 * A change is written with the time before it looked for an erasure, so the removal wins over a change that missed it. A
 * conditional change cannot choose its time. It looks again after it was made.
 */
export const cassandraPreferences = (session: Session, seal: Seal): CassandraPreferences => {
  const choices = session.table('preferences')
  const record = preferenceRecord(session)
  const guarded = guardedChoices(session, choices)
  const erasures = cassandraErasures(session, seal)
  const clock = writeClock()
  const USER = 'tenant = ? AND slot = ? AND user = ?'
  const DOCUMENT = `${USER} AND context = ?`

  /** Returns the statements of a change. Without `time`, Cassandra chooses it. */
  const write = (document: unknown[], { path, value }: ChoiceChange, time?: number): Statement[] => {
    const using = time === undefined ? '' : 'USING TIMESTAMP ?'
    const times = time === undefined ? [] : [time]
    if (value !== null)
      return [
        {
          query: `UPDATE ${choices} ${using} SET value = ? WHERE ${DOCUMENT} AND path = ?`,
          params: [...times, JSON.stringify(value), ...document, path],
        },
      ]
    const { from, to } = rangeBelow(path)
    return [
      {
        query: `DELETE FROM ${choices} ${using} WHERE ${DOCUMENT} AND path = ?`,
        params: [...times, ...document, path],
      },
      {
        query: `DELETE FROM ${choices} ${using} WHERE ${DOCUMENT} AND path >= ? AND path < ?`,
        params: [...times, ...document, from, to],
      },
    ]
  }

  return {
    get: async (tenant, users) => {
      const found: ChoiceRow[] = []
      const query = `SELECT user, context, path, value FROM ${choices}
        WHERE tenant = ? AND slot = ? AND user IN ?`
      await forEach(groupedSlices(users, slotOf, IDS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some]))
          if (isChoice(row)) found.push(choiceRow(row))
      })
      return readChoices(found)
    },

    change: async (tenant, user, { changes, via, by, since, expected }) => {
      const documentIn = (context = GENERAL) => [tenant, slotOf(user), user, context]
      const times = changes.map(() => clock())
      const now = Date.now()
      const erasure = async () => (await erasures.of(tenant, [user])).get(user)
      const before = await erasure()
      if (isVoid(before, since ?? now)) return 'erased'
      const document = documentIn(expected?.context)
      const read = expected && (await guarded.read(document))
      if (expected && read?.revision !== expected.revision) return 'stale'
      const after = before ? endOf(before.erasedAt) + 1 : 0
      const timed = changes.map((each, index) => ({
        ...each,
        time: Math.max(times[index] ?? 0, after + index),
      }))
      await record.add(tenant, user, timed, { via, by })
      if (!read) {
        await session.write(
          timed.flatMap(({ time, context, ...change }) => write(documentIn(context), change, time)),
        )
        return 'made'
      }
      const statements = changes.flatMap((change) => write(document, change))
      if (!(await guarded.write(document, read.guard, statements))) {
        await record.withdraw(tenant, user, timed)
        return 'stale'
      }
      if (!isVoid(await erasure(), since ?? now)) return 'made'
      await guarded.clear(document)
      return 'erased'
    },

    changes: record.changes,

    clear: async (tenant, user, time) => {
      await session.write([
        {
          query: `DELETE FROM ${choices} USING TIMESTAMP ? WHERE ${USER}`,
          params: [time, tenant, slotOf(user), user],
        },
      ])
      await record.clear(tenant, user, time)
    },
  }
}
