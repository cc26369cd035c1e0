import type { NotificationType } from '@carillon/schemas'
import type { types } from 'cassandra-driver'
import type { Types } from '../ports/types.ts'
import { DELETED, isSameType, readType, typeText } from '../rules/type-version.ts'
import { forEach, type Session } from './session.ts'
import { cassandraTypeDrafts } from './type-drafts.ts'

/** Types that a list reads concurrently. */
const CONCURRENCY = 32

const typeOf = (row: types.Row): NotificationType | undefined =>
  readType(String(row.content), Number(row.version))

/**
 * Stores one row per version, newest first, and one row per key in a second table for lists. The highest version is
 * current; an empty one deletes the type. An LWT assigns each number to one writer.
 */
export const cassandraTypes = (session: Session): Types => {
  const versions = session.table('types')
  const keys = session.table('type_keys')
  const drafts = cassandraTypeDrafts(session)
  const inForce = async (tenant: string, key: string) => {
    const query = `SELECT version, content FROM ${versions} WHERE tenant = ? AND key = ? LIMIT 1`
    const [row] = await session.rows(query, [tenant, key])
    return row
  }
  /** Resolves with whether another writer has the version. */
  const isTaken = async (tenant: string, key: string, version: number, content: string, by?: string) => {
    const insert = `INSERT INTO ${versions} (tenant, key, version, content, published_at, published_by) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`
    const params = [tenant, key, version, content, new Date(), by ?? null]
    return (await session.claim(insert, params)) !== undefined
  }

  const putIf: Types['putIf'] = async (tenant, type, publishing) => {
    const { by, expected } = publishing
    const current = await inForce(tenant, type.key)
    if (expected !== undefined && current?.version !== expected) return undefined
    if (current && isSameType(String(current.content), type)) return typeOf(current)
    const version = Number(current?.version ?? 0) + 1
    if (version === 1)
      await session.write([
        { query: `INSERT INTO ${keys} (tenant, key) VALUES (?, ?)`, params: [tenant, type.key] },
      ])
    const text = typeText(type)
    return (await isTaken(tenant, type.key, version, text, by))
      ? putIf(tenant, type, publishing)
      : readType(text, version)
  }

  const remove: Types['remove'] = async (tenant, key, publishing) => {
    const { by, expected } = publishing
    const current = await inForce(tenant, key)
    if (expected !== undefined && current?.version !== expected) return false
    if (current && current.content !== DELETED) {
      const version = Number(current.version) + 1
      if (await isTaken(tenant, key, version, DELETED, by)) return remove(tenant, key, publishing)
    }
    const draft = await drafts.draft(tenant, key)
    if (draft) await drafts.discardDraft(tenant, key, draft.revision)
    return true
  }

  return {
    ...drafts,
    putIf,
    remove,
    put: async (tenant, type, by) =>
      (await putIf(tenant, type, by === undefined ? {} : { by })) as NotificationType,

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
      const found = new Map<string, NotificationType | undefined>()
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

    versions: async (tenant, key, { before = 2 ** 31 - 1, limit }) => {
      const rows = await session.rows(
        `SELECT version, content, published_at, published_by FROM ${versions} WHERE tenant = ? AND key = ? AND version < ? LIMIT ?`,
        [tenant, key, before, limit],
      )
      return rows.map((row) => ({
        version: Number(row.version),
        publishedAt: Number(row.published_at),
        ...(row.published_by ? { publishedBy: String(row.published_by) } : {}),
        ...(row.content === DELETED ? { deleted: true as const } : {}),
      }))
    },
  }
}
