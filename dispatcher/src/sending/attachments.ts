import { nameOfDownload, shownFilename } from '@carillon/core/delivery/attachment-name'
import type { MailFile, Outcome } from '@carillon/core/delivery/provider'
import { type Http, HttpFailure } from '@carillon/core/http/port'
import type { Store } from '@carillon/core/store/port'
import type { StoredAttachment } from '@carillon/core/store/ports/attachments'
import {
  ATTACHMENT_MAX_BYTES,
  type AttachmentRef,
  MediaType,
  type Priority,
  parse,
  refusedContent,
  refusedFilename,
  refusedMediaType,
} from '@carillon/schemas'
import { createBulkhead } from './bulkhead.ts'
import type { Busy } from './permit.ts'

/** Maximum e-mails with files that one dispatcher sends at once, because their files are in memory. */
const AT_ONCE = 3
const PATIENCE_MS = 2_000
const RETRY_AFTER_MS = 1_000

/** The files of an e-mail. The caller must release them after the send. */
export type Files = { outcome?: undefined; files: readonly MailFile[]; release(): void }
/** Why the files could not be loaded, or when to try again. */
type Unavailable = Extract<Outcome, { outcome: 'refused' | 'retry' }> | Busy

/** Thrown and caught in this file only. */
class Refused extends Error {
  readonly outcome: Extract<Outcome, { outcome: 'refused' | 'retry' }>
  constructor(outcome: Refused['outcome']) {
    super(outcome.reason)
    this.outcome = outcome
  }
}

const refused = (reason: string, detail: string) => new Refused({ outcome: 'refused', reason, detail })
const later = (detail: string) =>
  // A file host that fails is no failure of the provider.
  new Refused({ outcome: 'retry', reason: 'attachment_unreachable', detail, scope: 'recipient' })

const missing = (id: string) => refused('attachment_missing', `attachment ${id} has expired or was removed`)

const tooLarge = () =>
  refused(
    'attachment_too_large',
    `the attachments of an e-mail may have at most ${ATTACHMENT_MAX_BYTES} bytes in total`,
  )

const checkKind = (fault: string | undefined) => {
  if (fault !== undefined) throw refused('attachment_refused', fault)
}

const isTemporary = (status: number) => status === 408 || status === 429 || status >= 500

const failureOf = (error: unknown): unknown => {
  if (!(error instanceof HttpFailure)) return error
  // The message and the cause are dropped, because they may contain the URL, which is a secret.
  if (error.reason === 'refused_target')
    return refused('attachment_unreachable', 'the URL leads to an address that is not allowed')
  if (error.reason === 'too_large') return tooLarge()
  return later(`the URL could not be fetched (${error.reason})`)
}

/** Downloads a file of at most `room` bytes. */
const download = async (
  http: Pick<Http, 'download'>,
  ref: Extract<AttachmentRef, { url: string }>,
  room: number,
): Promise<MailFile> => {
  const { status, headers, body } = await http.download(ref.url, room).catch((error: unknown) => {
    throw failureOf(error)
  })
  if (status !== 200) {
    const detail = `the URL answered with HTTP ${status}`
    throw isTemporary(status) ? later(detail) : refused('attachment_unreachable', detail)
  }
  const type = parse(MediaType, headers['content-type'] ?? '')
  const contentType = type.success ? type.data : 'application/octet-stream'
  const name = nameOfDownload(ref)
  checkKind(refusedFilename(name) ?? refusedMediaType(headers['content-type'] ?? '') ?? refusedContent(body))
  return {
    filename: shownFilename(name),
    contentType,
    content: Buffer.from(body.buffer, body.byteOffset, body.byteLength),
    cid: ref.cid,
  }
}

/** Reads an uploaded file. */
const read = async (
  { attachments }: Pick<Store, 'attachments'>,
  tenant: string,
  { id, chunks, filename, contentType }: StoredAttachment,
  ref: AttachmentRef,
): Promise<MailFile> => {
  const parts: Uint8Array[] = []
  for (let index = 0; index < chunks; index++) {
    const part = await attachments.chunk(tenant, id, index)
    if (!part) throw missing(id)
    parts.push(part)
  }
  return { filename: ref.filename ?? filename, contentType, content: Buffer.concat(parts), cid: ref.cid }
}

/**
 * Loads the files of e-mails: uploads from the store, URLs through the guarded client. Few e-mails load files at once, to
 * bound memory. A failure is returned as an outcome: `retry` if the host of a URL may answer later, else `refused`, with the
 * reason `attachment_missing`, `attachment_too_large`, `attachment_refused` or `attachment_unreachable`. Rejects only if the
 * store does.
 */
export const createLoadFiles = ({
  store,
  http,
}: {
  store: Pick<Store, 'attachments'>
  http: Pick<Http, 'download'>
}) => {
  const bulkhead = createBulkhead(AT_ONCE, PATIENCE_MS)

  const load = async (tenant: string, refs: readonly AttachmentRef[]): Promise<MailFile[]> => {
    const ids = refs.flatMap((ref) => ('id' in ref ? [ref.id] : []))
    const stored = ids.length === 0 ? new Map() : await store.attachments.get(tenant, ids)
    let room = ATTACHMENT_MAX_BYTES
    const files: MailFile[] = []
    for (const ref of refs) {
      let file: MailFile
      if ('url' in ref) file = await download(http, ref, room)
      else {
        const attachment: StoredAttachment | undefined = stored.get(ref.id)
        if (!attachment) throw missing(ref.id)
        if (attachment.size > room) throw tooLarge()
        file = await read(store, tenant, attachment, ref)
      }
      room -= file.content.length
      if (room < 0) throw tooLarge()
      files.push(file)
    }
    return files
  }

  return async (
    tenant: string,
    refs: readonly AttachmentRef[],
    priority: Priority,
  ): Promise<Files | Unavailable> => {
    const release = await bulkhead.enter(priority)
    if (!release)
      return {
        outcome: 'busy',
        at: Date.now() + RETRY_AFTER_MS,
        why: {
          reason: 'attachments_busy',
          detail: 'this dispatcher is sending its maximum of e-mails with files',
        },
      }
    try {
      return { files: await load(tenant, refs), release }
    } catch (error) {
      release()
      if (error instanceof Refused) return error.outcome
      throw error
    }
  }
}

export type LoadFiles = ReturnType<typeof createLoadFiles>
