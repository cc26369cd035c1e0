import { groupedSlices } from '../grouping.ts'
import type { Contexts, StoredContext } from '../ports/contexts.ts'
import { SLOTS } from '../ports/walk.ts'
import { readContext } from '../rules/context-row.ts'
import { slotOf } from '../rules/slots.ts'
import { forEach, type Session } from './session.ts'
import { walkPartitions } from './walk.ts'

const KEYS_PER_QUERY = 100

/**
 * Stores contexts in slots by the hash of their key, clustered by key. Every write is an LWT, so that a writer replaces only
 * the content that it has read.
 */
export const cassandraContexts = (session: Session): Contexts => {
  const table = session.table('contexts')
  const PLACE = 'tenant = ? AND slot = ? AND key = ?'
  const placeOf = (tenant: string, key: string) => [tenant, slotOf(key), key]

  const contentOf = async (tenant: string, key: string) => {
    const query = `SELECT content FROM ${table} WHERE ${PLACE}`
    const [row] = await session.rows(query, placeOf(tenant, key))
    return row && String(row.content)
  }
  const isExpected = (tenant: string, key: string, content: string | undefined, expected?: string) =>
    expected === undefined ||
    (content !== undefined && readContext(tenant, key, content).revision === expected)

  const put: Contexts['put'] = async (tenant, key, settings, expected) => {
    const content = JSON.stringify(settings)
    const current = await contentOf(tenant, key)
    if (!isExpected(tenant, key, current, expected)) return undefined
    const taken =
      current === undefined
        ? await session.claim(
            `INSERT INTO ${table} (tenant, slot, key, content) VALUES (?, ?, ?, ?) IF NOT EXISTS`,
            [...placeOf(tenant, key), content],
          )
        : await session.claim(`UPDATE ${table} SET content = ? WHERE ${PLACE} IF content = ?`, [
            content,
            ...placeOf(tenant, key),
            current,
          ])
    return taken ? put(tenant, key, settings, expected) : readContext(tenant, key, content)
  }

  const remove: Contexts['remove'] = async (tenant, key, expected) => {
    const current = await contentOf(tenant, key)
    if (!isExpected(tenant, key, current, expected)) return false
    if (current === undefined) return true
    const query = `DELETE FROM ${table} WHERE ${PLACE} IF content = ?`
    const taken = await session.claim(query, [...placeOf(tenant, key), current])
    return taken ? remove(tenant, key, expected) : true
  }

  return {
    put,
    remove,

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
