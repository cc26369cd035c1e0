import { Category, CategoryDefinition, CategoryInput } from '@carillon/schemas'
import { z } from 'zod'
import { IfMatch } from '../http/if-match.ts'
import { exampleOf } from '../http/openapi/example.ts'
import { defineRoute } from '../http/routes.ts'

const Key = z.object({ key: Category })

/** Enough for a name and a description in many languages. */
const CATEGORY_MAX_BYTES = 131_072

const CategoryList = z.object({ categories: z.array(CategoryDefinition) }).meta({
  id: 'CategoryList',
  description: 'All categories of the tenant',
  examples: [{ categories: [exampleOf(CategoryDefinition)] }],
})

export const putCategory = defineRoute({
  method: 'put',
  path: '/v1/categories/{key}',
  operationId: 'putCategory',
  tag: 'Types',
  summary: 'Define or replace a category',
  description:
    'Defines the display name and description of a category, and whether users may opt out. Types and notifications may use a category that is not defined; its key is then its display name. A tenant has at most 200 categories.',
  params: Key,
  headers: IfMatch,
  body: CategoryInput,
  readOnly: ['key'],
  bodyMaxBytes: CATEGORY_MAX_BYTES,
  answers: { 200: { description: 'Stored', schema: CategoryDefinition } },
  problems: ['precondition_failed', 'quota_exceeded'],
})

export const getCategory = defineRoute({
  method: 'get',
  path: '/v1/categories/{key}',
  operationId: 'getCategory',
  tag: 'Types',
  summary: 'Get a category',
  description: 'Returns the definition of a category. `ETag` is for `If-Match`.',
  params: Key,
  answers: { 200: { description: 'The category', schema: CategoryDefinition } },
  problems: ['not_found'],
})

export const listCategories = defineRoute({
  method: 'get',
  path: '/v1/categories',
  operationId: 'listCategories',
  tag: 'Types',
  summary: 'List the categories',
  description: 'Lists the defined categories of the tenant, ordered by key.',
  answers: { 200: { description: 'The categories', schema: CategoryList } },
})

export const deleteCategory = defineRoute({
  method: 'delete',
  path: '/v1/categories/{key}',
  operationId: 'deleteCategory',
  tag: 'Types',
  summary: 'Delete a category',
  description: 'Deletes a category, if it exists. Types and choices that name it stay.',
  params: Key,
  headers: IfMatch,
  answers: { 204: { description: 'Deleted' } },
  problems: ['precondition_failed'],
})
