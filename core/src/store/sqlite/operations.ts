import {
  NO_PROGRESS,
  OPERATION_KEPT_MS,
  type Operation,
  type OperationProgress,
  type Operations,
} from '../ports/operations.ts'
import type { Session } from './session.ts'

const BEGIN = `INSERT INTO operations (tenant, id, kind, created_at, expires_at) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT DO NOTHING`
const PROGRESS = `UPDATE operations SET step = ?3, progress = ?4 WHERE tenant = ?1 AND id = ?2 AND step <= ?3`
const GET = `SELECT id, kind, created_at AS createdAt, progress FROM operations
  WHERE tenant = ? AND id = ? AND expires_at > ?`

type Row = Pick<Operation, 'id' | 'kind' | 'createdAt'> & { progress: string | null }

export const sqliteOperations = (session: Session): Operations => ({
  begin: async (tenant, { id, kind, createdAt }) => {
    await session.write(({ run }) => run(BEGIN, [tenant, id, kind, createdAt, createdAt + OPERATION_KEPT_MS]))
  },

  progress: async (tenant, { id }, progress) => {
    await session.write(({ run }) => run(PROGRESS, [tenant, id, progress.step, JSON.stringify(progress)]))
  },

  get: async (tenant, wanted) => {
    const row = await session.get<Row>(GET, [tenant, wanted, Date.now()])
    if (!row) return undefined
    const { id, kind, createdAt, progress } = row
    return { id, kind, createdAt, ...(progress ? (JSON.parse(progress) as OperationProgress) : NO_PROGRESS) }
  },
})
