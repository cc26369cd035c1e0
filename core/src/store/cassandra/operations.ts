import {
  NO_PROGRESS,
  OPERATION_KEPT_MS,
  type OperationKind,
  type OperationProgress,
  type Operations,
} from '../ports/operations.ts'
import { whole } from './inbox-row.ts'
import type { Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

/** Later than every `createdAt`, epoch ms. */
const FUTURE = 2 ** 42

/**
 * Stores operations. The write timestamp of progress increases with its step, so the latest step wins in any order of writes.
 * The write timestamp of `begin` decreases with `createdAt`, so the earliest `begin` wins.
 */
export const cassandraOperations = (session: Session): Operations => {
  const table = session.table('operations')
  const begin = `INSERT INTO ${table} (tenant, id, kind, created_at) VALUES (?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?`
  const progress = `UPDATE ${table} USING TIMESTAMP ? AND TTL ? SET progress = ? WHERE tenant = ? AND id = ?`
  const get = `SELECT kind, created_at, progress FROM ${table} WHERE tenant = ? AND id = ?`
  return {
    begin: (tenant, { id, kind, createdAt }) => {
      const ttl = ttlUntil(createdAt + OPERATION_KEPT_MS)
      return session.write([{ query: begin, params: [tenant, id, kind, createdAt, FUTURE - createdAt, ttl] }])
    },

    progress: (tenant, { id, createdAt }, reached) => {
      const written = [createdAt * 1_000 + reached.step, ttlUntil(createdAt + OPERATION_KEPT_MS)]
      return session.write([{ query: progress, params: [...written, JSON.stringify(reached), tenant, id] }])
    },

    get: async (tenant, id) => {
      const [row] = await session.rows(get, [tenant, id])
      const createdAt = whole(row?.created_at)
      if (!row || createdAt === null) return undefined
      const reached =
        typeof row.progress === 'string' ? (JSON.parse(row.progress) as OperationProgress) : NO_PROGRESS
      return { id, kind: row.kind as OperationKind, createdAt, ...reached }
    },
  }
}
