import { z } from 'zod'
import { line } from '../fields/line.ts'
import { Timestamp } from '../fields/timestamp.ts'
import { WebUrl } from '../fields/url.ts'
import { refusedFilename } from './refused-files.ts'

/** Maximum size of an attachment, and of all attachments of one e-mail together, in bytes. */
export const ATTACHMENT_MAX_BYTES = 10 * 1_024 * 1_024
/** Maximum attachments per e-mail. */
export const ATTACHMENTS_MAX = 10
/** The lifetime of an upload, in seconds. */
export const ATTACHMENT_LIFETIME = { min: 60, default: 7 * 86_400, max: 366 * 86_400 } as const

export const AttachmentId = z.uuid().meta({
  description: 'The id of an uploaded attachment',
  examples: ['3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11'],
})

/** A file name without a path. Kinds of files that are never attached are refused. */
export const Filename = line(255)
  .check((payload) => {
    const { value } = payload
    const message =
      /[/\\]/.test(value) || /^\.+$/.test(value)
        ? 'must be a file name without a path'
        : refusedFilename(value)
    if (message !== undefined) payload.issues.push({ code: 'custom', input: value, message })
  })
  .meta({ description: 'The file name that the reader sees', examples: ['invoice.pdf'] })

/** A media type. A charset is the only parameter allowed. */
export const MediaType = z
  .string()
  .max(127)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(?:; ?charset=[A-Za-z0-9._-]{1,40})?$/,
    'must be a media type, such as application/pdf',
  )
  .meta({ description: 'The media type', examples: ['application/pdf'] })

const ContentId = z
  .string()
  .regex(/^[A-Za-z0-9._@-]{1,128}$/, 'a cid is 1 to 128 letters, digits, . _ @ or -')
  .describe('The content id. An image in the HTML shows the file if its source is `cid:` and this id')

const shown = {
  filename: Filename.optional(),
  cid: ContentId.optional(),
}

export const AttachmentRef = z
  .union([
    z.strictObject({ id: AttachmentId, ...shown }).meta({
      id: 'UploadedAttachmentRef',
      description: 'An uploaded file, by its id',
      examples: [{ id: '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11', filename: 'invoice.pdf' }],
    }),
    z
      .strictObject({
        url: WebUrl.clone().describe(
          'A signed URL, which is fetched when the e-mail is sent. Redirects fail',
        ),
        ...shown,
      })
      .meta({
        id: 'LinkedAttachmentRef',
        description: 'A file that is fetched from a URL when the e-mail is sent',
        examples: [{ url: 'https://files.example.com/invoice.pdf?signature=abc' }],
      }),
  ])
  .meta({
    id: 'AttachmentRef',
    description: 'A file of an e-mail: an upload by its id, or a URL that is fetched when it is sent',
    examples: [{ id: '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11', filename: 'invoice.pdf' }],
  })
export type AttachmentRef = z.infer<typeof AttachmentRef>

/** An uploaded attachment. */
export const Attachment = z
  .object({
    id: AttachmentId,
    filename: Filename,
    contentType: MediaType,
    size: z.int().min(0).describe('In bytes'),
    createdAt: Timestamp.describe('When it was uploaded'),
    expiresAt: Timestamp.describe('When it expires and can no longer be sent'),
  })
  .meta({
    id: 'Attachment',
    description: 'An uploaded file to attach to e-mails',
    examples: [
      {
        id: '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11',
        filename: 'invoice.pdf',
        contentType: 'application/pdf',
        size: 48_213,
        createdAt: '2026-01-31T09:00:00.000Z',
        expiresAt: '2026-02-07T09:00:00.000Z',
      },
    ],
  })
export type Attachment = z.infer<typeof Attachment>
