import { ItemsOperation } from '@carillon/schemas'
import { z } from 'zod'
import { defineRoute } from '../http/routes.ts'

export const getOperation = defineRoute({
  method: 'get',
  path: '/v1/operations/{id}',
  operationId: 'getOperation',
  tag: 'Delivered items',
  summary: 'Get the progress of an operation',
  description: 'Returns the progress of an operation on delivered items. Operations are kept for seven days.',
  params: z.object({ id: z.string().max(64).describe('The id of the operation') }),
  answers: { 200: { description: 'The progress', schema: ItemsOperation } },
  problems: ['not_found'],
})
