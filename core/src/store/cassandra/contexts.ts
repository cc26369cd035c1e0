import { groupedSlices } from '../../group-by.ts'
import type { Contexts, StoredContext } from '../ports/contexts.ts'
import { SLOTS } from '../ports/walk.ts'
import { readContext } from '../rules/context-row.ts'
import { slotOf } from '../rules/slots.ts'
import { compareAndSet } from './compare-and-set.ts'
import { forEach, type Session } from './session.ts'
import { walkPartitions } from './walk.ts'

const KEYS_PER_QUERY = 100

/** Stores contexts in slots by the hash of their key, clustered by key. Writes compare and set. */
export const cassandraContexts = (session: Session): Contexts => {
  const table = session.table('contexts')
  const rows = compareAndSet(
    session,
    table,
    ['tenant', 'slot', 'key'],
    (content, [tenant, , key]) => readContext(String(tenant), String(key), content).revision,
  )
  const placeOf = (tenant: string, key: string) => [tenant, slotOf(key), key]

  return {
    put: async (tenant, key, settings, expected) => {
      const content = JSON.stringify(settings)
      const isPut = await rows.put(placeOf(tenant, key), content, expected)
      return isPut ? readContext(tenant, key, content) : undefined
    },
    remove: (tenant, key, expected) => rows.remove(placeOf(tenant, key), expected),

    get: async (tenant, keys) => {
      const found = new Map<string, StoredContext>()
      const query = `SELECT key, content FROM ${table} WHERE tenant = ? AND slot = ? AND key IN ?`
      await forEach(groupedSlices([...new Set(keys)], slotOf, KEYS_PER_QUERY), async ([slot, some]) => {
        for (const { key, content } of await session.rows(query, [tenant, slot, some]))
          found.set(String(key), readContext(tenant, String(key), String(content)))
      })
      return found
    },

    list: async (tenant, { after, limit }) => {
      const query = `SELECT key, content FROM ${table} WHERE tenant = ? AND slot = ? AND key > ? LIMIT ?`
      const from = after === undefined ? 0 : slotOf(after)
      const { rows, last } = await walkPartitions(
        (slot) => session.rows(query, [tenant, slot, slot === from ? (after ?? '') : '', limit]),
        { from, to: SLOTS, limit },
      )
      const contexts = rows.map(({ key, content }) => readContext(tenant, String(key), String(content)))
      return { contexts, ...(last === undefined ? {} : { next: contexts.at(-1)?.key ?? '' }) }
    },
  }
}
