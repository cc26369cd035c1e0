import { ProblemError } from '@carillon/core/errors'
import { CatalogueCheck, CatalogueInput } from '@carillon/schemas'
import { createCatalogueCheck, type Kinds } from '../catalogue/check.ts'
import { defineRoute, type Routes } from '../http/routes.ts'

/** Enough for hundreds of types with texts in many languages. */
const CATALOGUE_MAX_BYTES = 8 * 1_024 * 1_024

const checkCatalogue = defineRoute({
  method: 'post',
  path: '/v1/catalogue/check',
  operationId: 'checkCatalogue',
  tag: 'Types',
  summary: 'Check a set of resources',
  description:
    'Checks a set of resources, which may refer to each other, and compares it with the stored resources. Changes nothing. `carillon apply` and `carillon diff` call it.',
  body: CatalogueInput,
  bodyMaxBytes: CATALOGUE_MAX_BYTES,
  answers: { 200: { description: 'Checked', schema: CatalogueCheck } },
})

export const catalogueRoutes = (routes: Routes, { kinds }: { kinds: Kinds }) => {
  const check = createCatalogueCheck(kinds)
  routes.sender('types:read', checkCatalogue, async ({ c, body }, { tenant, scopes }) => {
    const input = await body()
    for (const [name, { scope }] of Object.entries(kinds))
      if (scope !== undefined && name in input && !scopes.includes(scope))
        throw new ProblemError('forbidden', `comparing ${name} needs the scope ${scope}`)
    return c.json(await check(tenant, input))
  })
}
