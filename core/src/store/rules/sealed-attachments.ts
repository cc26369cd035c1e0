import type { Seal } from '../../security/seal.ts'
import type { Attachments } from '../ports/attachments.ts'

/**
 * Wraps `attachments` to encrypt files and their names at rest, chunk by chunk. A chunk can be opened only at its place in
 * its file. Sizes and media types are not encrypted.
 */
export const sealedAttachments = (
  attachments: Attachments,
  { seal, open, sealBytes, openBytes }: Pick<Seal, 'seal' | 'open' | 'sealBytes' | 'openBytes'>,
): Attachments => {
  const nameOf = (tenant: string, id: string) => `attachment:${tenant}:${id}:filename`
  const chunkOf = (tenant: string, id: string, index: number) => `attachment:${tenant}:${id}:${index}`
  return {
    ...attachments,
    write: (tenant, chunk) => {
      const bytes = sealBytes(chunk.bytes, chunkOf(tenant, chunk.id, chunk.index))
      return attachments.write(tenant, { ...chunk, bytes })
    },
    put: (tenant, file) =>
      attachments.put(tenant, { ...file, filename: seal(file.filename, nameOf(tenant, file.id)) }),
    get: async (tenant, ids) => {
      const files = await attachments.get(tenant, ids)
      return new Map(
        [...files].map(([id, file]) => [id, { ...file, filename: open(file.filename, nameOf(tenant, id)) }]),
      )
    },
    chunk: async (tenant, id, index) => {
      const bytes = await attachments.chunk(tenant, id, index)
      return bytes && openBytes(bytes, chunkOf(tenant, id, index))
    },
  }
}
