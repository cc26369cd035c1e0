import type { types } from 'cassandra-driver'
import { slices } from '../../group-by.ts'
import type { Attachments, StoredAttachment } from '../ports/attachments.ts'
import type { Session } from './session.ts'
import { ttlUntil } from './ttl.ts'

const IDS_PER_QUERY = 100

const attachmentOf = (row: types.Row): StoredAttachment => ({
  id: String(row.id),
  filename: String(row.filename),
  contentType: String(row.content_type),
  size: Number(row.size),
  chunks: Number(row.chunks),
  createdAt: Number(row.created_at),
  expiresAt: Number(row.expires_at),
})

/** Stores the files of a tenant in one partition, bounded by a quota, and the chunks of each file in a separate partition. */
export const cassandraAttachments = (session: Session): Attachments => {
  const files = session.table('attachments')
  const chunks = session.table('attachment_chunks')
  return {
    write: (tenant, { id, index, bytes, expiresAt }) =>
      session.write([
        {
          query: `INSERT INTO ${chunks} (tenant, id, part, bytes) VALUES (?, ?, ?, ?) USING TTL ?`,
          params: [tenant, id, index, Buffer.from(bytes), ttlUntil(expiresAt)],
        },
      ]),

    put: (tenant, { id, filename, contentType, size, chunks, createdAt, expiresAt }) =>
      session.write([
        {
          query: `INSERT INTO ${files} (tenant, id, filename, content_type, size, chunks, created_at, expires_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TTL ?`,
          params: [
            ...[tenant, id, filename, contentType, size, chunks, createdAt, expiresAt],
            ttlUntil(expiresAt),
          ],
        },
      ]),

    get: async (tenant, ids) => {
      const query = `SELECT id, filename, content_type, size, chunks, created_at, expires_at FROM ${files}
        WHERE tenant = ? AND id IN ?`
      const found = new Map<string, StoredAttachment>()
      for (const some of slices(ids, IDS_PER_QUERY))
        for (const row of await session.rows(query, [tenant, some])) {
          const attachment = attachmentOf(row)
          if (attachment.expiresAt > Date.now()) found.set(attachment.id, attachment)
        }
      return found
    },

    chunk: async (tenant, id, index) => {
      const query = `SELECT bytes FROM ${chunks} WHERE tenant = ? AND id = ? AND part = ?`
      const [row] = await session.rows(query, [tenant, id, index])
      const bytes: unknown = row?.bytes
      return Buffer.isBuffer(bytes) ? new Uint8Array(bytes) : undefined
    },

    remove: (tenant, id) =>
      Promise.all([
        session.write([{ query: `DELETE FROM ${files} WHERE tenant = ? AND id = ?`, params: [tenant, id] }]),
        session.write([{ query: `DELETE FROM ${chunks} WHERE tenant = ? AND id = ?`, params: [tenant, id] }]),
      ]).then(() => undefined),

    usage: async (tenant) => {
      const query = `SELECT count(*) AS files, sum(size) AS bytes FROM ${files} WHERE tenant = ?`
      const [row] = await session.rows(query, [tenant])
      return { files: Number(row?.files ?? 0), bytes: Number(row?.bytes ?? 0) }
    },
  }
}
