import { ProblemError } from '@carillon/core/errors'
import type { Types } from '@carillon/core/store/ports/types'
import type { VariantFigures as StoredFigures } from '@carillon/core/store/ports/variant-figures'
import { TypeKey, VariantFigures } from '@carillon/schemas'
import { z } from 'zod'
import { exampleOf } from '../http/openapi/example.ts'
import type { Routes } from '../http/routes.ts'

const VariantFiguresList = z.object({ variants: z.array(VariantFigures) }).meta({
  id: 'VariantFiguresList',
  description: 'The figures of each variant of a type',
  examples: [{ variants: [exampleOf(VariantFigures)] }],
})

export const typeVariantRoutes = (
  routes: Routes,
  { types, variantFigures }: { types: Pick<Types, 'get'>; variantFigures: Pick<StoredFigures, 'of'> },
) => {
  routes.sender(
    'types:read',
    {
      method: 'get',
      path: '/v1/types/{key}/variants',
      operationId: 'getVariantFigures',
      tag: 'Types',
      summary: 'Get the figures of the variants of a notification type',
      description:
        'Returns how many users got, received, read and clicked the notifications of each variant in force. The figures are for all versions of the type, and are kept for a year after the last notification. A user counts once per notification. The standard error is 1.6 %; figures of a few dozen are exact, or one too low.',
      params: z.object({ key: TypeKey }),
      answers: { 200: { description: 'The figures', schema: VariantFiguresList } },
      problems: ['not_found'],
    },
    async ({ c, params: { key } }, { tenant }) => {
      const type = await types.get(tenant, key)
      if (!type) throw new ProblemError('not_found', 'there is no such notification type')
      const { variants = [] } = type
      const figures = await variantFigures.of(
        tenant,
        key,
        variants.map((variant) => variant.key),
      )
      return c.json(
        { variants: variants.map(({ key, weight }, index) => ({ key, weight, ...figures[index] })) },
        200,
        { 'cache-control': 'no-store' },
      )
    },
  )
}
