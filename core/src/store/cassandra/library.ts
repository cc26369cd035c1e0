import type { types } from 'cassandra-driver'
import type { LibraryRows, RevisionRow } from '../library/library.ts'
import { forEach, type Session } from './session.ts'

/** Maximum texts that one call reads concurrently. */
const CONCURRENCY = 64
const COLUMNS = 'revision, tree, kind, key, deleted, at, author'

const rowOf = (row: types.Row): RevisionRow => ({
  revision: Number(row.revision),
  tree: String(row.tree),
  kind: row.kind,
  key: String(row.key),
  deleted: row.deleted === true,
  at: Number(row.at),
  by: row.author ? String(row.author) : undefined,
})

/**
 * Stores the revisions of a tenant, which are small, in one partition, newest first, and each text in a separate partition.
 * An LWT assigns each number to one writer.
 */
export const cassandraLibrary = (session: Session): LibraryRows => {
  const revisions = session.table('library')
  const contents = session.table('library_texts')
  const one = async (query: string, params: unknown[]) => {
    const [row] = await session.rows(query, params)
    return row && rowOf(row)
  }

  return {
    newest: (tenant) => one(`SELECT ${COLUMNS} FROM ${revisions} WHERE tenant = ? LIMIT 1`, [tenant]),
    revision: (tenant, revision) =>
      one(`SELECT ${COLUMNS} FROM ${revisions} WHERE tenant = ? AND revision = ?`, [tenant, revision]),

    claim: async (tenant, { revision, tree, kind, key, deleted, at, by }) => {
      const query = `INSERT INTO ${revisions} (tenant, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`
      const params = [tenant, revision, tree, kind, key, deleted, new Date(at), by ?? null]
      return (await session.claim(query, params)) === undefined
    },

    // Filters within one partition. Its rows are small and few, because people write them.
    of: async (tenant, { kind, key }, before, limit) => {
      const query = `SELECT ${COLUMNS} FROM ${revisions} WHERE tenant = ? AND revision < ? AND kind = ? AND key = ? LIMIT ? ALLOW FILTERING`
      return (await session.rows(query, [tenant, before, kind, key, limit])).map(rowOf)
    },

    texts: async (tenant, hashes) => {
      const query = `SELECT content FROM ${contents} WHERE tenant = ? AND hash = ?`
      const found = new Map<string, string>()
      await forEach(
        hashes,
        async (hash) => {
          for (const row of await session.rows(query, [tenant, hash])) found.set(hash, String(row.content))
        },
        CONCURRENCY,
      )
      return found
    },

    keep: (tenant, hash, text) => {
      const query = `INSERT INTO ${contents} (tenant, hash, content) VALUES (?, ?, ?)`
      return session.write([{ query, params: [tenant, hash, text] }])
    },
  }
}
