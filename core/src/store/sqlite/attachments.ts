import type { Attachments, StoredAttachment } from '../ports/attachments.ts'
import type { Session } from './session.ts'

const PUT = `INSERT OR REPLACE INTO attachments
  (tenant, id, filename, content_type, size, chunks, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
const GET = `SELECT id, filename, content_type AS contentType, size, chunks, created_at AS createdAt,
    expires_at AS expiresAt
  FROM attachments WHERE tenant = ? AND id IN (SELECT value FROM json_each(?)) AND expires_at > ?`

export const sqliteAttachments = (session: Session): Attachments => ({
  write: (tenant, { id, index, bytes, expiresAt }) => {
    const content = Buffer.from(bytes)
    return session.write(({ run }) => {
      run(
        'INSERT OR REPLACE INTO attachment_chunks (tenant, id, part, bytes, expires_at) VALUES (?, ?, ?, ?, ?)',
        [tenant, id, index, content, expiresAt],
      )
    })
  },

  put: (tenant, { id, filename, contentType, size, chunks, createdAt, expiresAt }) =>
    session.write(({ run }) => {
      run(PUT, [tenant, id, filename, contentType, size, chunks, createdAt, expiresAt])
    }),

  get: async (tenant, ids) => {
    const rows = await session.all<StoredAttachment>(GET, [tenant, JSON.stringify(ids), Date.now()])
    return new Map(rows.map((row) => [row.id, { ...row }]))
  },

  chunk: async (tenant, id, index) => {
    const row = await session.get<{ bytes: Uint8Array }>(
      'SELECT bytes FROM attachment_chunks WHERE tenant = ? AND id = ? AND part = ? AND expires_at > ?',
      [tenant, id, index, Date.now()],
    )
    return row && new Uint8Array(row.bytes)
  },

  remove: (tenant, id) =>
    session.write(({ run }) => {
      run('DELETE FROM attachments WHERE tenant = ? AND id = ?', [tenant, id])
      run('DELETE FROM attachment_chunks WHERE tenant = ? AND id = ?', [tenant, id])
    }),

  usage: async (tenant) => {
    const row = await session.get<{ files: number; bytes: number }>(
      `SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM attachments
       WHERE tenant = ? AND expires_at > ?`,
      [tenant, Date.now()],
    )
    return { files: row?.files ?? 0, bytes: row?.bytes ?? 0 }
  },
})
