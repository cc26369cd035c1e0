import type { types } from 'cassandra-driver'
import type { Seal } from '../../security/seal.ts'
import type { Schedules } from '../ports/schedules.ts'
import { openSchedule, sealSchedule } from '../rules/sealed.ts'
import { compareAndSet } from './compare-and-set.ts'
import type { Session } from './session.ts'

/** Stores the schedules of a tenant in one partition, ordered by id. Writes compare and set. */
export const cassandraSchedules = (session: Session, seal: Seal): Schedules => {
  const table = session.table('schedules')
  const schedules = compareAndSet(
    session,
    table,
    ['tenant', 'id'],
    (content, [tenant, id]) => openSchedule(seal, String(tenant), String(id), content).revision,
  )
  const read = (tenant: string, row: types.Row) =>
    openSchedule(seal, tenant, String(row.id), String(row.content))

  return {
    put: (tenant, schedule, expected) =>
      schedules.put([tenant, schedule.id], sealSchedule(seal, tenant, schedule), expected),

    get: async (tenant, id) => {
      const query = `SELECT id, content FROM ${table} WHERE tenant = ? AND id = ?`
      const [row] = await session.rows(query, [tenant, id])
      return row && read(tenant, row)
    },

    list: async (tenant, { after = '', limit }) => {
      const query = `SELECT id, content FROM ${table} WHERE tenant = ? AND id > ? LIMIT ?`
      const rows = await session.rows(query, [tenant, after, limit])
      const last = rows.at(-1)
      const next = last && rows.length === limit ? { next: String(last.id) } : {}
      return { schedules: rows.map((row) => read(tenant, row)), ...next }
    },

    count: async (tenant) => {
      const [row] = await session.rows(`SELECT count(*) AS count FROM ${table} WHERE tenant = ?`, [tenant])
      return Number(row?.count ?? 0)
    },

    remove: (tenant, id, expected) => schedules.remove([tenant, id], expected),
  }
}
