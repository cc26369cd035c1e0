import type { NotificationType } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import type { Types } from '../ports/types.ts'
import { isSameType, readType, typeText } from '../rules/type-version.ts'
import { forEach, type Session } from './session.ts'

/** Types that a list reads concurrently. */
const CONCURRENCY = 32

const typeOf = (row: types.Row): NotificationType => readType(String(row.content), Number(row.version))

/**
 * Stores one row per version, newest first, and one row per key in a second table for lists. The highest version is
 * current. An LWT assigns each number to one writer.
 */
export const cassandraTypes = (session: Session): Types => {
  const versions = session.table('types')
  const keys = session.table('type_keys')
  const inForce = async (tenant: string, key: string) => {
    const query = `SELECT version, content FROM ${versions} WHERE tenant = ? AND key = ? LIMIT 1`
    const [row] = await session.rows(query, [tenant, key])
    return row
  }

  const put: Types['put'] = async (tenant, type) => {
    const current = await inForce(tenant, type.key)
    if (current && isSameType(String(current.content), type)) return typeOf(current)
    const version = Number(current?.version ?? 0) + 1
    if (version === 1)
      await session.write([
        { query: `INSERT INTO ${keys} (tenant, key) VALUES (?, ?)`, params: [tenant, type.key] },
      ])
    const insert = `INSERT INTO ${versions} (tenant, key, version, content, published_at) VALUES (?, ?, ?, ?, ?) IF NOT EXISTS`
    const taken = await session.claim(insert, [tenant, type.key, version, typeText(type), new Date()])
    return taken ? put(tenant, type) : readType(typeText(type), version)
  }

  return {
    put,

    get: async (tenant, key, version) => {
      if (version === undefined) {
        const row = await inForce(tenant, key)
        return row && typeOf(row)
      }
      const query = `SELECT version, content FROM ${versions} WHERE tenant = ? AND key = ? AND version = ?`
      const [row] = await session.rows(query, [tenant, key, version])
      return row && typeOf(row)
    },

    list: async (tenant) => {
      const listed = await session.rows(`SELECT key FROM ${keys} WHERE tenant = ?`, [tenant])
      const found = new Map<string, NotificationType>()
      await forEach(
        listed.map((row) => String(row.key)),
        async (key) => {
          const row = await inForce(tenant, key)
          if (row) found.set(key, typeOf(row))
        },
        CONCURRENCY,
      )
      return listed.flatMap((row) => found.get(String(row.key)) ?? [])
    },
  }
}
