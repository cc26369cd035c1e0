/** An uploaded file. Times are epoch ms. */
export type StoredAttachment = {
  id: string
  filename: string
  contentType: string
  /** In bytes. */
  size: number
  /** The number of its chunks. */
  chunks: number
  createdAt: number
  /** When it ceases to exist. */
  expiresAt: number
}

/** A chunk of a file, of at most CHUNK_BYTES. Chunks are counted from 0. */
export type AttachmentChunk = { id: string; index: number; bytes: Uint8Array; expiresAt: number }

/** Maximum bytes of a chunk: small enough for one row of any database, and for many concurrent uploads. */
export const CHUNK_BYTES = 256 * 1_024

/**
 * Uploaded files of tenants, in chunks. A file is written chunk by chunk and exists once `put` has resolved. Chunks of an
 * abandoned upload expire like all others.
 */
export interface Attachments {
  write(tenant: string, chunk: AttachmentChunk): Promise<void>
  /** Makes a file exist, after all its chunks were written. */
  put(tenant: string, attachment: StoredAttachment): Promise<void>
  /** Returns the files that exist, by id. */
  get(tenant: string, ids: readonly string[]): Promise<Map<string, StoredAttachment>>
  /** Returns a chunk; undefined if it has expired or was removed. */
  chunk(tenant: string, id: string, index: number): Promise<Uint8Array | undefined>
  /** Removes a file and its chunks. Repeatable. */
  remove(tenant: string, id: string): Promise<void>
  /** Returns the number of files of a tenant, and their bytes. Uploads in progress do not count. */
  usage(tenant: string): Promise<{ files: number; bytes: number }>
}
