import {
  NotificationType,
  NotificationTypeInput,
  Timestamp,
  TypeKey,
  TypeVersion,
  Warning,
} from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { integer } from '../http/integer.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { cursor, limit, next } from './paging.ts'

/** A type has texts of many channels and languages. */
export const TYPE_MAX_BYTES = 1_024 * 1_024
const VERSION_MAX = 2 ** 31 - 1

const Key = z.object({ key: TypeKey })
const DraftOnly = z.strictObject({
  draft: z.literal('true').optional().describe('`true`: the draft instead of the version in force'),
})

const StoredType = NotificationType.extend({
  version: z.int().min(0).max(VERSION_MAX).describe('The version; 0 for a draft'),
  warnings: z.array(Warning).optional().describe('Possible mistakes; absent if there are none'),
}).meta({
  id: 'PublishedType',
  description: 'The stored notification type, with possible mistakes',
  examples: [exampleOf(NotificationType)],
})
const TypeVersionEntry = z
  .object({
    version: TypeVersion,
    publishedAt: Timestamp.describe('When it was published'),
    publishedBy: z.string().optional().describe('The id of the API key that published it, if known'),
    deleted: z.boolean().optional().describe('`true`: the type was deleted'),
  })
  .meta({
    id: 'TypeVersionEntry',
    description: 'A version of a notification type',
    examples: [{ version: 3, publishedAt: '2026-01-31T09:00:00.000Z', publishedBy: 'k7Xc2mPq' }],
  })
export const TypeVersionPage = z.object({ versions: z.array(TypeVersionEntry), next: next('before') }).meta({
  id: 'TypeVersionPage',
  description: 'A page of versions',
  examples: [{ versions: [exampleOf(TypeVersionEntry)], next: null }],
})
const TypeRollback = z.strictObject({ version: TypeVersion }).meta({
  id: 'TypeRollback',
  description: 'The version to publish again',
  examples: [{ version: 5 }],
})
const NotificationTypeList = z.object({ types: z.array(NotificationType) }).meta({
  id: 'NotificationTypeList',
  description: 'All notification types of the tenant',
  examples: [{ types: [exampleOf(NotificationType)] }],
})

export const putType = defineRoute({
  method: 'put',
  path: '/v1/types/{key}',
  operationId: 'putType',
  tag: 'Types',
  summary: 'Define or replace a notification type',
  description:
    'Publishes the next version of a type. A body that equals the version in force publishes none. It is in force at once, and within a second on other hubs and dispatchers. With `draft=true` it replaces the draft instead. The schema and every condition, template and message are checked, and the sample must match the schema. The problem names the place and line of each fault. `warnings` lists the values that may be missing (`maybe_missing`) and the texts without a translation (`untranslated`).',
  params: Key,
  query: DraftOnly,
  headers: IfMatch,
  body: NotificationTypeInput,
  readOnly: ['key', 'version'],
  bodyMaxBytes: TYPE_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: StoredType } },
  problems: ['precondition_failed'],
})

export const getType = defineRoute({
  method: 'get',
  path: '/v1/types/{key}',
  operationId: 'getType',
  tag: 'Types',
  summary: 'Get a notification type',
  description:
    'Returns the version in force, a given version, or the draft. Versions never change and are never removed. `ETag` is for `If-Match`.',
  params: Key,
  query: z.strictObject({
    version: z
      .union([z.literal('draft'), integer(1, VERSION_MAX)])
      .optional()
      .describe('The version to return, or `draft`. Defaults to the one in force'),
  }),
  answers: { 200: { description: 'The type', schema: StoredType } },
  problems: ['not_found'],
})

export const listTypes = defineRoute({
  method: 'get',
  path: '/v1/types',
  operationId: 'listTypes',
  tag: 'Types',
  summary: 'List the notification types',
  description: 'Lists all types of the tenant.',
  answers: { 200: { description: 'The types', schema: NotificationTypeList } },
})

export const listTypeVersions = defineRoute({
  method: 'get',
  path: '/v1/types/{key}/versions',
  operationId: 'listTypeVersions',
  tag: 'Types',
  summary: 'List the versions of a notification type',
  description: 'Lists the versions of a type, newest first.',
  params: Key,
  query: z.strictObject({ limit: limit(), before: cursor }),
  answers: { 200: { description: 'A page of versions', schema: TypeVersionPage } },
  problems: ['not_found', 'cursor_invalid'],
})

export const publishTypeDraft = defineRoute({
  method: 'post',
  path: '/v1/types/{key}/publish',
  operationId: 'publishTypeDraft',
  tag: 'Types',
  summary: 'Publish the draft of a notification type',
  description:
    'Publishes the draft as the next version, and removes the draft. `If-Match` takes the `ETag` of the draft.',
  params: Key,
  headers: IfMatch,
  answers: { 200: { description: 'Published', schema: StoredType } },
  problems: ['not_found', 'invalid_request', 'precondition_failed'],
})

export const rollBackType = defineRoute({
  method: 'post',
  path: '/v1/types/{key}/rollback',
  operationId: 'rollBackType',
  tag: 'Types',
  summary: 'Roll a notification type back',
  description: 'Publishes a copy of an older version as the next one.',
  params: Key,
  headers: IfMatch,
  body: TypeRollback,
  answers: { 200: { description: 'Published', schema: StoredType } },
  problems: ['not_found', 'precondition_failed'],
})

export const deleteType = defineRoute({
  method: 'delete',
  path: '/v1/types/{key}',
  operationId: 'deleteType',
  tag: 'Types',
  summary: 'Delete a notification type',
  description:
    'Deletes a type and its draft, if it exists; with `draft=true` only the draft. New notifications of the type are refused. Notifications accepted before keep their version.',
  params: Key,
  query: DraftOnly,
  headers: IfMatch,
  answers: { 204: { description: 'Deleted' } },
  problems: ['precondition_failed'],
})
