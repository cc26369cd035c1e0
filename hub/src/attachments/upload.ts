import { randomUUID } from 'node:crypto'
import { ProblemError } from '@carillon/core/errors'
import { invalidRequest } from '@carillon/core/json/checked'
import { type Attachments, CHUNK_BYTES, type StoredAttachment } from '@carillon/core/store/ports/attachments'
import { ATTACHMENT_MAX_BYTES, refusedContent } from '@carillon/schemas'

/** Limits on the stored attachments of a tenant. */
const FILES_MAX = 10_000
const BYTES_MAX = 1_024 * 1_024 * 1_024

/** The metadata of a file, known before its content arrives. */
type Description = Pick<StoredAttachment, 'filename' | 'contentType'> & { lifetimeMs: number }

/** Cuts a stream into chunks of CHUNK_BYTES; the last one may be shorter. */
async function* chunksOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let pending = Buffer.alloc(0)
  try {
    for await (const piece of stream) {
      pending = pending.length === 0 ? Buffer.from(piece) : Buffer.concat([pending, piece])
      for (; pending.length >= CHUNK_BYTES; pending = pending.subarray(CHUNK_BYTES))
        yield pending.subarray(0, CHUNK_BYTES)
    }
  } catch (cause) {
    throw new ProblemError('malformed_json', 'the connection ended before the end of the body', { cause })
  }
  if (pending.length > 0) yield pending
}

const tooLarge = () =>
  new ProblemError('payload_too_large', `an attachment has at most ${ATTACHMENT_MAX_BYTES} bytes`)

/**
 * Stores an uploaded file while it arrives, chunk by chunk. Throws `payload_too_large`, `quota_exceeded`, or
 * `invalid_request` for a program or an empty file. A failed upload leaves nothing that can be sent.
 */
export const createUpload =
  (attachments: Pick<Attachments, 'write' | 'put' | 'usage' | 'remove'>) =>
  async (
    tenant: string,
    { filename, contentType, lifetimeMs }: Description,
    body: { stream: AsyncIterable<Uint8Array>; declared: number | undefined },
  ): Promise<StoredAttachment> => {
    if ((body.declared ?? 0) > ATTACHMENT_MAX_BYTES) throw tooLarge()
    const used = await attachments.usage(tenant)
    if (used.files >= FILES_MAX || used.bytes + (body.declared ?? 1) > BYTES_MAX)
      throw new ProblemError(
        'quota_exceeded',
        `a tenant stores at most ${FILES_MAX} attachments and ${BYTES_MAX} bytes; delete some, or wait until they expire`,
      )
    const id = randomUUID()
    const createdAt = Date.now()
    const expiresAt = createdAt + lifetimeMs
    let size = 0
    let chunks = 0
    try {
      for await (const bytes of chunksOf(body.stream)) {
        const fault = chunks === 0 ? refusedContent(bytes) : undefined
        if (fault !== undefined) throw new ProblemError('invalid_request', fault)
        size += bytes.length
        if (size > ATTACHMENT_MAX_BYTES) throw tooLarge()
        await attachments.write(tenant, { id, index: chunks++, bytes, expiresAt })
      }
      if (size === 0) throw invalidRequest([{ path: [], message: 'the file is empty' }], 'body')
    } catch (error) {
      // Chunks that cannot be removed now expire later.
      await attachments.remove(tenant, id).catch(() => {})
      throw error
    }
    const attachment = { id, filename, contentType, size, chunks, createdAt, expiresAt }
    await attachments.put(tenant, attachment)
    return attachment
  }

export type Upload = ReturnType<typeof createUpload>
