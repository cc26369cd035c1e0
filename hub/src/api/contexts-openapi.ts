import { Context, ContextKey, ContextSettings } from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { next, pageQuery } from './paging.ts'

/** Limited, because every process keeps settings in memory. */
export const SETTINGS_MAX_BYTES = 32_768

const Key = z.object({ key: ContextKey })

const ContextPage = z.object({ contexts: z.array(Context), next: next('after') }).meta({
  id: 'ContextPage',
  description: 'A page of contexts',
  examples: [{ contexts: [exampleOf(Context)], next: null }],
})

export const putContext = defineRoute({
  method: 'put',
  path: '/v1/contexts/{key}',
  operationId: 'putContext',
  tag: 'Contexts',
  summary: 'Create or replace a context',
  description:
    "Replaces all settings of a context. Omitted settings are the tenant's. They take effect at once, and within a second on other hubs and dispatchers.",
  params: Key,
  headers: IfMatch,
  body: ContextSettings,
  readOnly: ['key'],
  bodyMaxBytes: SETTINGS_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: Context } },
  problems: ['precondition_failed'],
})

export const getContext = defineRoute({
  method: 'get',
  path: '/v1/contexts/{key}',
  operationId: 'getContext',
  tag: 'Contexts',
  summary: 'Get a context',
  description: "Returns the context's own settings. Unset settings are absent. `ETag` is for `If-Match`.",
  params: Key,
  answers: { 200: { description: 'The context', schema: Context } },
  problems: ['not_found'],
})

export const listContexts = defineRoute({
  method: 'get',
  path: '/v1/contexts',
  operationId: 'listContexts',
  tag: 'Contexts',
  summary: 'List the contexts',
  description: 'Lists the contexts that were created, in no particular order.',
  query: z.strictObject(pageQuery()),
  answers: { 200: { description: 'A page of contexts', schema: ContextPage } },
  problems: ['cursor_invalid'],
})

export const deleteContext = defineRoute({
  method: 'delete',
  path: '/v1/contexts/{key}',
  operationId: 'deleteContext',
  tag: 'Contexts',
  summary: 'Delete a context',
  description:
    "Deletes the settings of a context. Its items stay, and so do the preferences of users in it. The tenant's settings then apply to its notifications.",
  params: Key,
  headers: IfMatch,
  answers: { 204: { description: 'Deleted' } },
  problems: ['precondition_failed'],
})
