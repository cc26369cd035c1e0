import { schemaFaults } from '@carillon/core/data-schema/schema-faults'
import { ProblemError } from '@carillon/core/errors'
import { expressionFaults } from '@carillon/core/expression/expression-faults'
import { invalidRequest } from '@carillon/core/json/checked'
import type { Types } from '@carillon/core/store/ports/types'
import { templateFaults, templateWarnings } from '@carillon/core/template/check-type'
import { NotificationType, NotificationTypeInput, TypeKey, Warning } from '@carillon/schemas'
import { z } from 'zod'
import { integer } from '../http/integer.ts'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'

/** A type has texts of many channels and languages. */
export const TYPE_MAX_BYTES = 1_024 * 1_024

const Key = z.object({ key: TypeKey })
const TypeVersionParameter = integer(1, 2 ** 31 - 1)
  .optional()
  .describe('The version to return; the one in force if left out')
const PublishedType = NotificationType.extend({
  warnings: z.array(Warning).optional().describe('What may be an oversight; absent if nothing was found'),
}).meta({
  id: 'PublishedType',
  description: 'A notification type as it was stored, and what may be an oversight in it',
  examples: [exampleOf(NotificationType)],
})
const NotificationTypeList = z.object({ types: z.array(NotificationType) }).meta({
  id: 'NotificationTypeList',
  description: 'All notification types of the tenant',
  examples: [{ types: [exampleOf(NotificationType)] }],
})

export const typeRoutes = (routes: Routes, { types }: { types: Types }) => {
  routes.sender(
    'types:write',
    {
      method: 'put',
      path: '/v1/types/{key}',
      operationId: 'putType',
      tag: 'Types',
      summary: 'Define or replace a notification type',
      description:
        'Stores a type. It is in force at once, and within a second on other hubs and dispatchers. The schema and every condition, template and message are checked, and the sample has to fit the schema; the problem has the place of each fault, and its line. `warnings` has the values that may be missing (`maybe_missing`) and the texts without a translation (`untranslated`).',
      params: Key,
      body: NotificationTypeInput,
      readOnly: ['key', 'version'],
      bodyMaxBytes: TYPE_MAX_BYTES,
      answers: { 200: { description: 'Stored', schema: PublishedType } },
    },
    async ({ c, params, body }, { tenant }) => {
      const type = { ...(await body()), key: params.key }
      const unusable = schemaFaults(type)
      const schema = unusable.length > 0 ? undefined : type.schema
      const faults = [...unusable, ...expressionFaults({ ...type, schema }), ...templateFaults(type)]
      if (faults.length > 0) throw invalidRequest(faults, 'type')
      const warnings = templateWarnings(type)
      return c.json({ ...(await types.put(tenant, type)), ...(warnings.length > 0 ? { warnings } : {}) })
    },
  )

  routes.sender(
    'types:read',
    {
      method: 'get',
      path: '/v1/types/{key}',
      operationId: 'getType',
      tag: 'Types',
      summary: 'Get a notification type',
      description: 'Returns the version in force, or the given one. Every version is kept and never changes.',
      params: Key,
      query: z.strictObject({ version: TypeVersionParameter }),
      answers: { 200: { description: 'The type', schema: NotificationType } },
      problems: ['not_found'],
    },
    async ({ c, params: { key }, query: { version } }, { tenant }) => {
      const type = await types.get(tenant, key, version)
      if (!type)
        throw new ProblemError(
          'not_found',
          version === undefined
            ? 'there is no such notification type'
            : `there is no version ${version} of this notification type`,
        )
      return c.json(type)
    },
  )

  routes.sender(
    'types:read',
    {
      method: 'get',
      path: '/v1/types',
      operationId: 'listTypes',
      tag: 'Types',
      summary: 'List the notification types',
      description: 'Lists all types of the tenant.',
      answers: { 200: { description: 'The types', schema: NotificationTypeList } },
    },
    async ({ c }, { tenant }) => c.json({ types: await types.list(tenant) }),
  )
}
