import type { types } from 'cassandra-driver'
import { grouped, groupedSlices } from '../../group-by.ts'
import type { Seal } from '../../security/seal.ts'
import type { Suppressions } from '../ports/suppressions.ts'
import { SLOTS } from '../ports/walk.ts'
import { checkSuppressionCursor, openSuppression, sealSuppression, suppressionKey } from '../rules/sealed.ts'
import { slotOf } from '../rules/slots.ts'
import { forEach, type Session } from './session.ts'
import { walkPartitions } from './walk.ts'

const KEYS_PER_QUERY = 100

/** Stores suppressions in slots by the hash of their key, clustered by key. */
export const cassandraSuppressions = (session: Session, seal: Seal): Suppressions => {
  const table = session.table('suppressions')
  const opened = (tenant: string, row: types.Row) =>
    openSuppression(seal, tenant, String(row.key), String(row.content))

  return {
    put: async (tenant, suppressions) => {
      const query = `INSERT INTO ${table} (tenant, slot, key, content) VALUES (?, ?, ?, ?)`
      const statements = suppressions.map((suppression) => {
        const key = suppressionKey(seal, tenant, suppression.channel, suppression.address)
        return { query, params: [tenant, slotOf(key), key, sealSuppression(seal, tenant, key, suppression)] }
      })
      await forEach([...grouped(statements, ({ params }) => params[1]).values()], session.write)
    },

    find: async (tenant, addresses) => {
      const keys = addresses.map(({ channel, address }) => suppressionKey(seal, tenant, channel, address))
      const query = `SELECT key, content FROM ${table} WHERE tenant = ? AND slot = ? AND key IN ?`
      const rows = new Map<string, types.Row>()
      await forEach(groupedSlices([...new Set(keys)], slotOf, KEYS_PER_QUERY), async ([slot, some]) => {
        for (const row of await session.rows(query, [tenant, slot, some])) rows.set(String(row.key), row)
      })
      return keys.map((key) => {
        const row = rows.get(key)
        return row && opened(tenant, row)
      })
    },

    remove: (tenant, addresses) => {
      const keys = addresses.map(({ channel, address }) => suppressionKey(seal, tenant, channel, address))
      const query = `DELETE FROM ${table} WHERE tenant = ? AND slot = ? AND key IN ?`
      return forEach(groupedSlices([...new Set(keys)], slotOf, KEYS_PER_QUERY), ([slot, some]) =>
        session.write([{ query, params: [tenant, slot, some] }]),
      )
    },

    list: async (tenant, { after, limit }) => {
      checkSuppressionCursor(after)
      const query = `SELECT key, content FROM ${table} WHERE tenant = ? AND slot = ? AND key > ? LIMIT ?`
      const from = after === undefined ? 0 : slotOf(after)
      const { rows, last } = await walkPartitions(
        (slot) => session.rows(query, [tenant, slot, slot === from ? (after ?? '') : '', limit]),
        { from, to: SLOTS, limit },
      )
      return {
        suppressions: rows.map((row) => opened(tenant, row)),
        ...(last === undefined ? {} : { next: String(rows.at(-1)?.key) }),
      }
    },
  }
}
