import { ProblemError } from '@carillon/core/errors'
import type { Types } from '@carillon/core/store/ports/types'
import { NotificationType, NotificationTypeInput, TypeKey } from '@carillon/schemas'
import { z } from 'zod'
import { integer } from '../http/integer.ts'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'

const Key = z.object({ key: TypeKey })
const TypeVersionParameter = integer(1, 2 ** 31 - 1)
  .optional()
  .describe('The version to return; the one in force if left out')
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
        'Stores a type. It is in force at once, and within a second on other hubs and dispatchers.',
      params: Key,
      body: NotificationTypeInput,
      readOnly: ['key', 'version'],
      answers: { 200: { description: 'Stored', schema: NotificationType } },
    },
    async ({ c, params, body }, { tenant }) => {
      return c.json(await types.put(tenant, { ...(await body()), key: params.key }))
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
