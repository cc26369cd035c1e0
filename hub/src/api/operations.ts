import { ProblemError } from '@carillon/core/errors'
import type { Operation, Operations } from '@carillon/core/store/ports/operations'
import type { ItemsOperation } from '@carillon/schemas'
import type { Routes } from '../http/routes.ts'
import { getOperation } from './operations-openapi.ts'

const statusOf = ({ id, kind, finished, done, total, skipped, createdAt }: Operation): ItemsOperation => ({
  ...{ id, kind, done, total },
  state: finished ? 'done' : 'running',
  ...(skipped > 0 ? { skipped } : {}),
  createdAt: new Date(createdAt).toISOString(),
})

export const operationRoutes = (routes: Routes, operations: Pick<Operations, 'get'>) => {
  routes.sender('items:read', getOperation, async ({ c, params }, { tenant }) => {
    const found = await operations.get(tenant, params.id)
    if (!found)
      throw new ProblemError('not_found', 'no operation has this id, or it is older than seven days')
    return c.json(statusOf(found), 200, { 'cache-control': 'no-store' })
  })
}
