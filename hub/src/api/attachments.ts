import { ProblemError } from '@carillon/core/errors'
import { checked } from '@carillon/core/json/checked'
import type { Attachments, StoredAttachment } from '@carillon/core/store/ports/attachments'
import {
  ATTACHMENT_LIFETIME,
  ATTACHMENT_MAX_BYTES,
  Attachment,
  AttachmentId,
  Filename,
  MediaType,
  refusedMediaType,
} from '@carillon/schemas'
import { z } from 'zod'
import type { Upload } from '../attachments/upload.ts'
import { integer } from '../http/integer.ts'
import { defineRoute, type Routes } from '../http/routes.ts'

const NONE: ReadableStream<Uint8Array> = new ReadableStream({ start: (controller) => controller.close() })

const AttachmentReceipt = Attachment.pick({ id: true, expiresAt: true }).meta({
  id: 'AttachmentReceipt',
  description: 'The id of an uploaded file, for `overrides.email.attachments`',
  examples: [{ id: '3f0b6a52-6b7e-4b62-9a55-0d7c5d0c2f11', expiresAt: '2026-02-07T09:00:00.000Z' }],
})

const Lifetime = integer(ATTACHMENT_LIFETIME.min, ATTACHMENT_LIFETIME.max)
  .default(ATTACHMENT_LIFETIME.default)
  .describe('The lifetime of the file, in seconds. Defaults to seven days')

const shown = ({ chunks: _, createdAt, expiresAt, ...attachment }: StoredAttachment): Attachment => ({
  ...attachment,
  createdAt: new Date(createdAt).toISOString(),
  expiresAt: new Date(expiresAt).toISOString(),
})

const typeOf = (header: string | undefined): string => {
  if (header === undefined)
    throw new ProblemError('unsupported_media_type', 'send the file with its content-type')
  const { type } = checked(z.object({ type: MediaType }), { type: header }, 'content-type')
  const fault = refusedMediaType(type)
  if (fault !== undefined) throw new ProblemError('unsupported_media_type', fault)
  return type
}

const Place = z.object({ id: AttachmentId })
const noAttachment = () => new ProblemError('not_found', 'there is no such attachment, or it has expired')

const uploadAttachment = defineRoute({
  method: 'post',
  path: '/v1/attachments',
  operationId: 'uploadAttachment',
  tag: 'Attachments',
  summary: 'Upload a file for e-mails',
  description: `Stores a file of at most ${ATTACHMENT_MAX_BYTES} bytes until it expires. The body is the file itself. Programs, scripts and installers are refused, by their name, media type and first bytes.`,
  query: z.strictObject({ filename: Filename, lifetime: Lifetime }),
  rawBody: { 'application/octet-stream': { schema: {} } },
  answers: { 201: { description: 'File stored', schema: AttachmentReceipt } },
  problems: ['payload_too_large', 'unsupported_media_type', 'quota_exceeded'],
})

export const attachmentRoutes = (
  routes: Routes,
  { attachments, upload }: { attachments: Attachments; upload: Upload },
) => {
  routes.sender(
    'notifications:write',
    uploadAttachment,
    async ({ c, query: { filename, lifetime } }, { tenant }) => {
      const contentType = typeOf(c.req.header('content-type'))
      if (c.req.header('content-encoding') !== undefined)
        throw new ProblemError('unsupported_media_type', 'send the file without a content-encoding')
      const length = c.req.header('content-length')
      const { id, expiresAt } = await upload(
        tenant,
        { filename, contentType, lifetimeMs: lifetime * 1_000 },
        { stream: c.req.raw.body ?? NONE, declared: length === undefined ? undefined : Number(length) },
      )
      return c.json({ id, expiresAt: new Date(expiresAt).toISOString() }, 201)
    },
  )

  routes.sender(
    'notifications:read',
    {
      method: 'get',
      path: '/v1/attachments/{id}',
      operationId: 'getAttachment',
      tag: 'Attachments',
      summary: 'Get an uploaded file',
      description: 'Returns an uploaded file without its content.',
      params: Place,
      answers: { 200: { description: 'The file', schema: Attachment } },
      problems: ['not_found'],
    },
    async ({ c, params: { id } }, { tenant }) => {
      const found = (await attachments.get(tenant, [id])).get(id)
      if (!found) throw noAttachment()
      return c.json(shown(found), 200, { 'cache-control': 'no-store' })
    },
  )

  routes.sender(
    'notifications:write',
    {
      method: 'delete',
      path: '/v1/attachments/{id}',
      operationId: 'deleteAttachment',
      tag: 'Attachments',
      summary: 'Delete an uploaded file',
      description: 'Deletes an uploaded file. Unsent e-mails that attach it will fail.',
      params: Place,
      answers: { 204: { description: 'File deleted' } },
    },
    async ({ c, params: { id } }, { tenant }) => {
      await attachments.remove(tenant, id)
      return c.body(null, 204)
    },
  )
}
