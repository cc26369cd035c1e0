import type { Seal } from '../../security/seal.ts'
import type { Schedules } from '../ports/schedules.ts'
import { openSchedule, sealSchedule } from '../rules/sealed.ts'
import type { Session, Write } from './session.ts'

type Row = { id: string; content: string }

const ONE = 'SELECT id, content FROM schedules WHERE tenant = ? AND id = ?'

export const sqliteSchedules = (session: Session, seal: Seal): Schedules => {
  const read = (tenant: string, { id, content }: Row) => openSchedule(seal, tenant, id, content)

  /** Reports whether the schedule has the expected revision. True if none is expected. */
  const isExpected = ({ first }: Write, tenant: string, id: string, expected: string | undefined) => {
    if (expected === undefined) return true
    const row = first<Row>(ONE, [tenant, id])
    return row !== undefined && read(tenant, row).revision === expected
  }

  return {
    put: (tenant, schedule, expected) =>
      session.write((write) => {
        if (!isExpected(write, tenant, schedule.id, expected)) return false
        write.run(
          `INSERT INTO schedules (tenant, id, content) VALUES (?, ?, ?)
           ON CONFLICT DO UPDATE SET content = excluded.content`,
          [tenant, schedule.id, sealSchedule(seal, tenant, schedule)],
        )
        return true
      }),

    get: async (tenant, id) => {
      const row = await session.get<Row>(ONE, [tenant, id])
      return row && read(tenant, row)
    },

    list: async (tenant, { after = '', limit }) => {
      const rows = await session.all<Row>(
        'SELECT id, content FROM schedules WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?',
        [tenant, after, limit],
      )
      const last = rows.at(-1)
      const next = last && rows.length === limit ? { next: last.id } : {}
      return { schedules: rows.map((row) => read(tenant, row)), ...next }
    },

    count: async (tenant) =>
      (
        await session.get<{ count: number }>('SELECT count(*) AS count FROM schedules WHERE tenant = ?', [
          tenant,
        ])
      )?.count ?? 0,

    remove: (tenant, id, expected) =>
      session.write((write) => {
        if (!isExpected(write, tenant, id, expected)) return false
        write.run('DELETE FROM schedules WHERE tenant = ? AND id = ?', [tenant, id])
        return true
      }),
  }
}
