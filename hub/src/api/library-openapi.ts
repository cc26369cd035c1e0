import {
  Layout,
  LayoutInput,
  PartialInput,
  ResourceKey,
  TemplateEnv,
  TemplatePartial,
  Warning,
} from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { integer } from '../http/integer.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'
import { cursor, limit } from './paging.ts'
import { TYPE_MAX_BYTES, TypeVersionPage } from './types-openapi.ts'

const REVISION_MAX = 2 ** 31 - 1
const Key = z.object({ key: ResourceKey })
const AtRevision = z.strictObject({
  version: integer(1, REVISION_MAX).optional().describe('A revision of the library. Defaults to the newest'),
})
const Versions = z.strictObject({ limit: limit(), before: cursor })

const StoredLayout = Layout.extend({
  warnings: z.array(Warning).optional().describe('Possible mistakes; absent if there are none'),
}).meta({
  id: 'StoredLayout',
  description: 'The stored layout, with possible mistakes',
  examples: [exampleOf(Layout)],
})
const LayoutList = z.object({ layouts: z.array(Layout) }).meta({
  id: 'LayoutList',
  description: 'All layouts of the tenant',
  examples: [{ layouts: [exampleOf(Layout)] }],
})
const PartialList = z.object({ partials: z.array(TemplatePartial) }).meta({
  id: 'PartialList',
  description: 'All partials of the tenant',
  examples: [{ partials: [exampleOf(TemplatePartial)] }],
})

const PINNED =
  'Each change makes a new revision of the library. A notification keeps the revision under which it was accepted.'

/** Returns the routes of layouts or of partials, which differ in wording only. */
const shared = (of: {
  path: 'layouts' | 'partials'
  name: 'Layout' | 'Partial'
  about: string
  input: z.ZodType
  stored: z.ZodType
  list: z.ZodType
}) => {
  const { path, name, about, input, stored, list } = of
  const word = name.toLowerCase()
  return {
    put: defineRoute({
      method: 'put',
      path: `/v1/${path}/{key}`,
      operationId: `put${name}`,
      tag: 'Templates',
      summary: `Define or replace a ${word}`,
      description: `${about} Its templates are checked; a problem names the line and the column. ${PINNED} An unchanged body makes none.`,
      params: Key,
      headers: IfMatch,
      body: input,
      readOnly: ['key', 'version', 'warnings'],
      bodyMaxBytes: TYPE_MAX_BYTES,
      answers: { 200: { description: 'Stored', schema: stored } },
      problems: ['in_use', 'precondition_failed', 'quota_exceeded'],
    }),
    get: defineRoute({
      method: 'get',
      path: `/v1/${path}/{key}`,
      operationId: `get${name}`,
      tag: 'Templates',
      summary: `Get a ${word}`,
      description: `Returns the current ${word}, or that of a revision.`,
      params: Key,
      query: AtRevision,
      answers: { 200: { description: `The ${word}`, schema: stored } },
      problems: ['not_found'],
    }),
    list: defineRoute({
      method: 'get',
      path: `/v1/${path}`,
      operationId: `list${name}s`,
      tag: 'Templates',
      summary: `List the ${word}s`,
      description: `Lists all ${word}s of the tenant.`,
      answers: { 200: { description: `The ${word}s`, schema: list } },
    }),
    versions: defineRoute({
      method: 'get',
      path: `/v1/${path}/{key}/versions`,
      operationId: `list${name}Versions`,
      tag: 'Templates',
      summary: `List the versions of a ${word}`,
      description: `Lists the versions of a ${word}, newest first.`,
      params: Key,
      query: Versions,
      answers: { 200: { description: 'A page of versions', schema: TypeVersionPage } },
      problems: ['not_found', 'cursor_invalid'],
    }),
    remove: defineRoute({
      method: 'delete',
      path: `/v1/${path}/{key}`,
      operationId: `delete${name}`,
      tag: 'Templates',
      summary: `Delete a ${word}`,
      description: `Deletes a ${word}, if it exists. Refused while a type in force, a layout or a partial uses it; the problem names them. Notifications accepted before still use it.`,
      params: Key,
      headers: IfMatch,
      answers: { 204: { description: 'Deleted' } },
      problems: ['in_use', 'precondition_failed'],
    }),
  }
}

export const layouts = shared({
  path: 'layouts',
  name: 'Layout',
  about:
    'A layout is the frame of e-mails. Types name it in `channels.email.layout`; `default` frames all other e-mails.',
  input: LayoutInput,
  stored: StoredLayout,
  list: LayoutList,
})

export const partials = shared({
  path: 'partials',
  name: 'Partial',
  about: "A partial is a reusable part of templates, which `{% render 'key' %}` renders.",
  input: PartialInput,
  stored: TemplatePartial,
  list: PartialList,
})

export const getEnv = defineRoute({
  method: 'get',
  path: '/v1/env',
  operationId: 'getEnv',
  tag: 'Templates',
  summary: 'Get the variables of templates',
  description: 'Returns the variables that templates see as `env`, now or at a revision of the library.',
  query: AtRevision,
  answers: { 200: { description: 'The variables', schema: TemplateEnv } },
  problems: ['not_found'],
})

export const putEnv = defineRoute({
  method: 'put',
  path: '/v1/env',
  operationId: 'putEnv',
  tag: 'Templates',
  summary: 'Set the variables of templates',
  description: `Replaces the variables that templates see as \`env\`: values that differ between environments. Do not store secrets: anyone who can send to this tenant can read them. ${PINNED}`,
  headers: IfMatch,
  body: TemplateEnv,
  bodyMaxBytes: TYPE_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: TemplateEnv } },
  problems: ['precondition_failed', 'quota_exceeded'],
})
