import { ProblemError } from '@carillon/core/errors'
import type { Types } from '@carillon/core/store/ports/types'
import { NotificationType, StoredType, TypeKey } from '@carillon/schemas'
import { z } from 'zod'
import type { Routes } from '../http/routes.ts'

const Key = z.object({ key: TypeKey })

export const typeRoutes = (routes: Routes, { types }: { types: Types }) => {
  routes.sender(
    'types:write',
    {
      method: 'put',
      path: '/v1/types/{key}',
      summary: 'Define or replace a notification type',
      params: Key,
      body: NotificationType,
      answers: {
        200: {
          description: 'The type; in force at once, on other hubs and dispatchers within a second',
          schema: StoredType,
        },
      },
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
      summary: 'One notification type',
      params: Key,
      answers: { 200: { description: 'The type', schema: StoredType } },
      problems: ['not_found'],
    },
    async ({ c, params }, { tenant }) => {
      const type = await types.get(tenant, params.key)
      if (!type) throw new ProblemError('not_found', 'there is no such notification type')
      return c.json(type)
    },
  )

  routes.sender(
    'types:read',
    {
      method: 'get',
      path: '/v1/types',
      summary: 'All notification types',
      answers: { 200: { description: 'The types', schema: z.object({ types: z.array(StoredType) }) } },
    },
    async ({ c }, { tenant }) => c.json({ types: await types.list(tenant) }),
  )
}
